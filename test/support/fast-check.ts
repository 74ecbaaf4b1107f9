/**
 * fast-check for tests: the same values in each run, so that a run tells of the change that it is for. `TEST_SEED=random`
 * looks further, `TEST_SEED=N` where a failed run of that kind says to.
 */
import fc from 'fast-check';

const { TEST_SEED: seed = '20261122' } = process.env;
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });

export { default } from 'fast-check';
