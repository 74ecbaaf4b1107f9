/** Pages of metrics in Prometheus's text format, as programs publish them. */

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As the page has them. */
  readonly labelText: string;
  readonly value: number;
}

/** Of each line of the page that is a series. Values of labels are left escaped. */
export function seriesOf(page: string): Series[] {
  const series: Series[] = [];
  for (const line of page.split('\n')) {
    const [, name, labelText = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
    series.push({
      name,
      labels: Object.fromEntries([...labels].map(([, key, text]) => [key, text])),
      labelText,
      value: Number(value),
    });
  }
  return series;
}

/** What each series has grown by since. */
export function grown(before: readonly Series[], after: readonly Series[]): Series[] {
  const known = new Map(before.map(({ name, labelText, value }) => [`${name} ${labelText}`, value]));
  return after.map((series) => ({
    ...series,
    value: series.value - (known.get(`${series.name} ${series.labelText}`) ?? 0),
  }));
}
