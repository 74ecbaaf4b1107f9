/** The viewer cannot start: what, where, and what to do. */
export class ViewerError extends Error {
  override readonly name = 'ViewerError';
}
