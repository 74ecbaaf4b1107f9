import type { Preset } from './preset.ts';
import { databaseSql } from './presets/database-sql.ts';
import { grpcClient } from './presets/grpc-client.ts';
import { grpcServer } from './presets/grpc-server.ts';
import { httpClient } from './presets/http-client.ts';
import { httpServer } from './presets/http-server.ts';

/** Every preset there is. A new one is a file in presets/ and a line here. */
export const allPresets: readonly Preset[] = [httpServer, httpClient, grpcServer, grpcClient, databaseSql];
