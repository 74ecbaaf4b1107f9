import type { ConfigProblem } from './config-error.ts';
import { nearestName } from './nearest.ts';
import { isSettingName, type SettingName, settingNames } from './schema.ts';

/** Environment variables that begin like a setting and belong to the repository's scripts and tests. */
const otherUses = /^SIDESPAN_(CACHE|TEST_|BENCH_|DEMO_)/;

/**
 * Kubernetes and Docker links describe a service called `sidespan` or `sidespan-viewer` to every neighbour by variables
 * such as SIDESPAN_PORT=tcp://10.0.0.7:80 and SIDESPAN_VIEWER_SERVICE_HOST. They are no settings.
 */
const serviceVariable = /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const serviceAddress = /^(tcp|udp|sctp):\/\//;

/** Variables of the specification that look like ours with a mistake, and aren't. */
const otherSpecified =
  /^OTEL_(BLRP_|LOGS_|EXPORTER_OTLP_(LOGS|PROFILES|SPAN|METRIC)_|EXPORTER_(ZIPKIN|JAEGER)|ATTRIBUTE_|SPAN_|EVENT_|LINK_|LOGRECORD_|METRICS_EXEMPLAR|EXPERIMENTAL_|SEMCONV_|(GO|NODE|JAVA|PYTHON|DOTNET|PHP|RUBY)_)/;

export interface EnvironmentTexts {
  readonly texts: ReadonlyMap<SettingName, string>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/**
 * Picks the settings out of an environment. An empty value counts as unset. An unknown SIDESPAN_* variable is a problem,
 * an OTEL_* one that is nearly the name of a setting a warning: other programs may have a use for it.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): EnvironmentTexts {
  const texts = new Map<SettingName, string>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || text.trim() === '') continue;
    const own = name.startsWith('SIDESPAN_');
    if (own && (serviceVariable.test(name) || serviceAddress.test(text))) continue;
    if (isSettingName(name)) texts.set(name, text);
    else if (own && !otherUses.test(name)) {
      const nearest = nearestName(name, settingNames);
      const remedy = nearest === undefined ? 'All are listed by `sidespan config`.' : `Did you mean ${nearest}?`;
      problems.push({ name, place: 'environment', what: 'no such setting', remedy });
    } else if (name.startsWith('OTEL_') && !otherSpecified.test(name)) {
      const nearest = nearlyOtel(name);
      if (nearest) warnings.push(`environment: ${name}: no such setting, ignored. Did you mean ${nearest}?`);
    }
  }
  return { texts, problems, warnings };
}

/** The setting whose letters the name has, give or take two. */
function nearlyOtel(name: string): string | undefined {
  const nearest = nearestName(name, settingNames);
  return nearest !== undefined && Math.abs(nearest.length - name.length) <= 2 && sharedLetters(name, nearest)
    ? nearest
    : undefined;
}

function sharedLetters(a: string, b: string): boolean {
  const counts = new Map<string, number>();
  for (const letter of a) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  for (const letter of b) counts.set(letter, (counts.get(letter) ?? 0) - 1);
  return [...counts.values()].reduce((sum, count) => sum + Math.abs(count), 0) <= 2;
}
