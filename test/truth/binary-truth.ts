/** What a comparison over all functions of a binary gave. */
export interface BinaryTruth {
  readonly functions: number;
  /** What was looked at and compared, by kind; refused functions by reason. */
  readonly counts: ReadonlyMap<string, number>;
  readonly mismatches: readonly string[];
}
