import type { PresetDynamicType } from './preset.ts';

/** Middleware is between database/sql and the database's own driver: of what holds another one of these that is meant. */
export const wrappedDrivers = ['database/sql/driver.Connector', 'database/sql/driver.Driver'] as const;

/** Where drivers' connectors lead to. A data source's text has the password: it is not read. */
export const databaseConnectors: readonly PresetDynamicType[] = [
  {
    type: '*github.com/go-sql-driver/mysql.connector',
    method: 'Connect',
    fields: [
      { name: 'address', path: 'cfg.Addr' },
      { name: 'namespace', path: 'cfg.DBName' },
    ],
  },
  {
    type: '*github.com/lib/pq.Connector',
    method: 'Connect',
    fields: [
      { name: 'host', path: 'cfg.Host' },
      { name: 'port', path: 'cfg.Port' },
      { name: 'namespace', path: 'cfg.Database' },
    ],
  },
  {
    type: 'github.com/jackc/pgx/v5/stdlib.connector',
    method: 'Connect',
    fields: [
      { name: 'host', path: 'Host' },
      { name: 'port', path: 'Port' },
      { name: 'namespace', path: 'Database' },
    ],
  },
];
