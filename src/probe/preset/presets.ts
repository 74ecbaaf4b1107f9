import { chi } from '../presets/chi.ts';
import { connect, connectClient } from '../presets/connect.ts';
import { databaseSql } from '../presets/database-sql.ts';
import { echo } from '../presets/echo.ts';
import { gin } from '../presets/gin.ts';
import { goRedis } from '../presets/go-redis.ts';
import { gorillaMux } from '../presets/gorilla-mux.ts';
import { grpcClient } from '../presets/grpc-client.ts';
import { grpcServer } from '../presets/grpc-server.ts';
import { httpClient } from '../presets/http-client.ts';
import { httpRetries } from '../presets/http-retries.ts';
import { httpServer } from '../presets/http-server.ts';
import { pgx } from '../presets/pgx.ts';
import type { AnyPreset } from './preset.ts';

/** Every preset there is. A new one is a file in presets/ and a line here, behind the one of whose calls it says something. */
export const allPresets: readonly AnyPreset[] = [
  httpServer,
  chi,
  gorillaMux,
  gin,
  echo,
  connect,
  httpClient,
  httpRetries,
  grpcServer,
  grpcClient,
  connectClient,
  databaseSql,
  pgx,
  goRedis,
];
