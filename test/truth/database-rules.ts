import type { Difference, Rule } from './span-rules.ts';

/** Of operations of database/sql, beside those of its middleware (github.com/XSAM/otelsql). */
export const databaseRules: readonly Rule[] = (
  [
    {
      name: 'named by what is asked',
      holds: ({ field, sdk, own, ownSpan: { attributes } }) =>
        field === 'name' &&
        String(sdk).startsWith('sql.') &&
        own === (attributes['db.query.summary'] ?? attributes['db.operation.name']),
    },
    {
      name: 'what a text does',
      holds: ({ field, sdk, own }) =>
        /^db\.(operation\.name|collection\.name|query\.summary)$/.test(field) &&
        sdk === undefined &&
        typeof own === 'string',
    },
    {
      name: 'texts without literals and comments',
      holds: ({ field, sdk, own }) =>
        field === 'db.query.text' &&
        own ===
          String(sdk)
            .replace(/\/\*.*?\*\/ /g, '')
            .replace(/'[^']*'|(?<![$\w])\d+/g, '?'),
    },
    {
      name: 'an error is the status of its span',
      holds: ({ field, sdk, own, sdkSpan, ownSpan }) =>
        areErrors(sdkSpan.status, ownSpan.status) &&
        ((field === 'events' && JSON.stringify(own) === '[]') || (field === 'status message' && sdk === undefined)) &&
        (sdkSpan.events ?? []).length === 1 &&
        isMessage(ownSpan.statusMessage ?? '', String(sdkSpan.events?.[0]?.attributes['exception.message'])),
    },
    {
      name: 'error.type of an error',
      holds: ({ field, sdk, own, sdkSpan, ownSpan }) =>
        field === 'error.type' &&
        areErrors(sdkSpan.status, ownSpan.status) &&
        sdk === undefined &&
        own === (ownSpan.attributes['db.response.status_code'] ?? own),
    },
    {
      name: 'where a data source is',
      holds: ({ field, sdk, own }) => /^server\.(address|port)$/.test(field) && sdk !== undefined && own === undefined,
    },
  ] as const satisfies readonly Rule[]
).map(({ name, holds }) => ({ name, holds: (each) => isOperation(each) && holds(each) }));

function isOperation({ kind, ownSpan }: Difference): boolean {
  return kind === 'CLIENT' && ownSpan.attributes['db.system.name'] !== undefined;
}

function areErrors(...statuses: readonly string[]): boolean {
  return statuses.every((status) => status === 'ERROR');
}

/** Whether it is what the middleware says, with `?` for values. */
function isMessage(own: string, sdk: string): boolean {
  const parts = own.split('?').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return own !== '' && new RegExp(parts.join('.*')).test(sdk);
}
