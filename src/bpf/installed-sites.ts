import type { PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import { siteAction } from '../probe/wire.ts';
import type { SiteAddress } from './attach.ts';
import type { KernelSide } from './kernel-side.ts';
import { siteLayout } from './map-layout.ts';

/** Sites of a plan in the table. */
export interface InstalledSites {
  /** In the order of attaching: exits first, so that an exit without an entry is a call that began before. */
  readonly addresses: readonly SiteAddress[];
  /** Index in the plan of the site with that cookie. */
  indexOf(cookie: number): number | undefined;
  /** Hits of these entries are ignored from now on: calls that have begun go on. */
  hushEntries(probes: ReadonlySet<number>): void;
  giveBack(): void;
}

/**
 * Writes some of a plan's sites into the table.
 * @param write puts the site into its entry
 * @throws BpfError when the table is full
 */
export function installSites(
  { sites: table }: Pick<KernelSide, 'sites'>,
  { sites }: ProbePlan,
  isWanted: (site: PlannedSite) => boolean,
  write: (entries: DataView, at: number, site: PlannedSite) => void,
): InstalledSites {
  const indices = sites.flatMap((site, index) => (isWanted(site) ? [index] : []));
  const first = indices.length === 0 ? 0 : table.lend(indices.length);
  const entryOf = (index: number): Uint8Array => {
    const entry = new Uint8Array(siteLayout.sizeBytes);
    const site = sites[index];
    if (site !== undefined) write(new DataView(entry.buffer), 0, site);
    return entry;
  };
  indices.forEach((index, n) => {
    table.write(first + n, entryOf(index));
  });
  const addresses = indices.map((index, n) => {
    const { fileOffset = 0, action, outgoing } = sites[index] ?? {};
    const isOutgoing = outgoing !== undefined;
    return { cookie: first + n, fileOffset, isEntry: action === siteAction.enter, isOutgoing };
  });
  return {
    addresses: [...addresses.filter(({ isEntry }) => !isEntry), ...addresses.filter(({ isEntry }) => isEntry)],
    indexOf: (cookie) => indices[cookie - first],
    hushEntries(probes) {
      indices.forEach((index, n) => {
        const site = sites[index];
        const begins = site?.action === siteAction.enter || site?.action === siteAction.inlined;
        if (!begins || site.probe === undefined || !probes.has(site.probe)) return;
        const entry = entryOf(index);
        new DataView(entry.buffer).setUint32(siteLayout.action, 0, true);
        table.write(first + n, entry);
      });
    },
    giveBack() {
      if (indices.length > 0) table.giveBack(first, indices.length);
    },
  };
}
