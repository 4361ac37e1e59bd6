// Where engines differ in what a test can ask of them.

const { userAgent } = navigator

const isWebKit = userAgent.includes('AppleWebKit') && !userAgent.includes('Chrome')

/**
 * A worker that is terminated in the middle of a transaction lets go of it. WebKit forgets the worker but
 * leaves the transaction open, so that nobody gets at the database until the page is closed; and it has
 * been seen that the next one to open it waits for good although no transaction was under way. There the
 * kills are those of kill.e2e.test.ts, of the whole browser.
 */
export const terminatedWorkersLetGo: boolean = !isWebKit
