/** db.system.name by the package of a driver for database/sql. */
const SYSTEMS: Readonly<Record<string, string>> = {
  'github.com/lib/pq': 'postgresql',
  'github.com/jackc/pgx/stdlib': 'postgresql',
  'github.com/jackc/pgx/v4/stdlib': 'postgresql',
  'github.com/jackc/pgx/v5/stdlib': 'postgresql',
  'github.com/go-sql-driver/mysql': 'mysql',
  'modernc.org/sqlite': 'sqlite',
  'github.com/mattn/go-sqlite3': 'sqlite',
  'github.com/glebarez/go-sqlite': 'sqlite',
  'github.com/ncruces/go-sqlite3/driver': 'sqlite',
  'github.com/microsoft/go-mssqldb': 'microsoft.sql_server',
  'github.com/denisenkom/go-mssqldb': 'microsoft.sql_server',
  'github.com/ClickHouse/clickhouse-go': 'clickhouse',
  'github.com/ClickHouse/clickhouse-go/v2': 'clickhouse',
  'github.com/sijms/go-ora/v2': 'oracle.db',
  'github.com/godror/godror': 'oracle.db',
  'github.com/googleapis/go-sql-spanner': 'gcp.spanner',
};

/** The conventions' name for a database that is not known. */
const OTHER_SQL = 'other_sql';

/**
 * Which system a driver is for.
 * @param goType of its Driver or Connector: `*github.com/lib/pq.Driver`. That of a package which wraps drivers tells nothing.
 */
export function databaseSystem(goType: string): string {
  const start = goType.startsWith('*') ? 1 : 0;
  const dot = goType.indexOf('.', goType.lastIndexOf('/') + 1);
  return SYSTEMS[goType.slice(start, dot)] ?? OTHER_SQL;
}

/** server.port is left out where it is the usual one. */
export const USUAL_PORTS: Readonly<Record<string, number>> = {
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
};
