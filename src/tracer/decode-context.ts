import { unlessDamaged } from '../binary/binary-error.ts';
import type { CodeFrame, GoBinary } from '../binary/go-binary.ts';
import { createConcreteValues } from '../event/concrete-value.ts';
import type { DecodeContext } from '../event/decode-value.ts';
import { dynamicValueShape } from '../event/dynamic-value.ts';
import type { TextCache } from '../event/text-cache.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';
import type { Redaction } from '../redaction/redaction.ts';

/** What is decided for all processes. */
export interface DecodeSettings {
  /** Undefined: nothing is hidden. */
  readonly redaction?: Redaction | undefined;
  readonly texts?: TextCache | undefined;
  readonly textShape?: DecodeContext['textShape'];
}

/** Places in the code whose calls are kept. */
const maxKnownFrames = 4096;

/** A file that a process runs code of. */
export interface RunningFile {
  readonly binary: GoBinary;
  /** Running address minus linked address; undefined: not known yet, or no longer. */
  readonly bias: () => number | undefined;
}

/**
 * What decoding the calls of a process needs of its files.
 * @param files the executable, then its modules. What a file says of addresses that are another's is nothing.
 */
export function decodeContext(
  files: readonly RunningFile[],
  plan: ProbePlan,
  { redaction, texts, textShape }: DecodeSettings,
): DecodeContext {
  const dynamicTypes = plan.dynamicTypes.map(dynamicValueShape);
  const typeNames = new Map<number, string | undefined>();
  /** The first answer of a file to a question about a running address. */
  const first = <T>(address: number, ask: (binary: GoBinary, vaddr: number) => T | undefined): T | undefined => {
    for (const { binary, bias } of files) {
      const known = bias();
      const answer = known === undefined ? undefined : ask(binary, address - known);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  // A word that only looks like the address of a type must not cost the whole call.
  const nameOfType = (binary: GoBinary, vaddr: number) => unlessDamaged(() => binary.runtimeTypeAt(vaddr).value?.name);
  // Programs panic in the same places again and again.
  const frames = new Map<number, readonly CodeFrame[]>();
  const framesAt = (binary: GoBinary, vaddr: number) => {
    const found = unlessDamaged(() => binary.codeFrames(vaddr));
    return found?.length === 0 ? undefined : found;
  };
  const context: DecodeContext = {
    dynamicType: (id) => dynamicTypes[id],
    typeName(typeVaddr) {
      if (!typeNames.has(typeVaddr)) {
        // By the executable's addresses, also where its bias is not known.
        const [executable] = files;
        const own = executable && nameOfType(executable.binary, typeVaddr);
        typeNames.set(typeVaddr, own ?? first(typeVaddr + (executable?.bias() ?? 0), nameOfType));
      }
      return typeNames.get(typeVaddr);
    },
    runningTypeName(address) {
      const bias = files[0]?.bias();
      return bias === undefined ? undefined : context.typeName(address - bias);
    },
    constantBytes(vaddr, sizeBytes) {
      const read = (binary: GoBinary, at: number) =>
        binary.isReadOnly(at, sizeBytes) ? binary.read(at, sizeBytes) : undefined;
      const [executable] = files;
      const own = executable && read(executable.binary, vaddr);
      return own ?? first(vaddr + (executable?.bias() ?? 0), read);
    },
    concrete: createConcreteValues(
      (address, { dictionaryWord: word, genericType }) =>
        first(address, (binary, vaddr) => {
          if (word !== undefined) return binary.dictionaryType(vaddr, word).value;
          return genericType && binary.genericType(vaddr, genericType).value;
        }),
      redaction,
    ),
    redaction,
    texts,
    ...(textShape && { textShape }),
    functionName: (pc) => first(pc, (binary, vaddr) => binary.functionAt(vaddr)?.name),
    codeFrames(pc) {
      const found = frames.get(pc) ?? first(pc, framesAt) ?? [];
      if (frames.size < maxKnownFrames) frames.set(pc, found);
      return found;
    },
  };
  return context;
}
