import { type KernelFeature, kernelFeatures } from '../../bpf/feature.ts';
import { loadLibbpf } from '../../bpf/libbpf.ts';
import type { WrittenHeaders } from '../../probe/outgoing/written-headers.ts';
import type { Check, CheckResult } from './check.ts';

/** What the attempts showed about the rights that are needed. */
export interface BpfFindings {
  /** Undefined: it did not come to that. */
  uprobeMulti: boolean | undefined;
}

/**
 * libbpf, and what the kernel does when it is tried.
 * @param libbpfPath SIDESPAN_LIBBPF
 * @param findings filled in when the checks have run
 * @param writeHeaders what SIDESPAN_PROPAGATION=write writes; undefined: nothing
 */
export function bpfChecks(
  libbpfPath: string | undefined,
  findings: BpfFindings,
  writeHeaders: WrittenHeaders | undefined,
): readonly Check[] {
  return [
    { name: 'libbpf', run: () => libbpf(libbpfPath) },
    {
      name: 'kernel features',
      decisive: true,
      run: () => {
        const features = kernelFeatures(libbpfPath, writeHeaders);
        const multi = features.find(({ name }) => name.startsWith('uprobe_multi'));
        findings.uprobeMulti = multi === undefined ? undefined : multi.state === 'ok';
        return features.map(featureResult);
      },
    },
  ];
}

function libbpf(path: string | undefined): CheckResult {
  try {
    const loaded = loadLibbpf(path);
    return { name: 'libbpf', state: 'ok', detail: `${loaded.version}, ${loaded.path}` };
  } catch (error) {
    return {
      name: 'libbpf',
      state: 'missing',
      detail: withoutAdvice(error instanceof Error ? error.message : String(error)),
    };
  }
}

function featureResult({ name, needed, state, detail, remedy }: KernelFeature): CheckResult {
  const clause = withoutAdvice(detail);
  return { name, state, detail: needed === '' ? clause : `${clause}; ${needed}`, remedy };
}

/** An error's message as a clause, without the advice to call doctor: this is doctor. */
function withoutAdvice(message: string): string {
  return message.replace(/\s*`sidespan doctor`[^.]*\./g, '').replace(/\.\s*$/, '');
}
