/** Exporting can't begin: a file that can't be read, a port in use. What goes wrong later is counted and reported instead. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}
