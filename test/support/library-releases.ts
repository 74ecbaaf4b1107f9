/** Whether tests of libraries take every release that there is a module file for, or only two: `npm run test:truth -- libraries`. */
export const everyRelease = process.env.SIDESPAN_TEST_LIBRARIES === 'all';
