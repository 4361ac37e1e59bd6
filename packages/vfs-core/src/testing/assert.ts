// Assertions for the conformance suite and the model tests. They need no test framework, so the same
// cases run in a window, a worker or Node; a failure says what was expected of what.

import { ERRNO, VfsError, type ErrnoCode, type Vfs } from '../contract/index.ts'
import { treeOf } from './tree.ts'

/** A file system did not do what the contract says. */
export class ConformanceFailure extends Error {
  override readonly name: 'ConformanceFailure' = 'ConformanceFailure'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    // Reports of tests show the stack alone, in which only V8 puts the message.
    if (this.stack?.includes(message) === false)
      this.stack = `${this.name}: ${message}\n${this.stack}`
  }
}

export function check(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new ConformanceFailure(expectation)
}

/** Deep equality of plain data and byte arrays; `about` names the value. */
export function equal(actual: unknown, expected: unknown, about: string): void {
  const difference = findDifference(actual, expected, '')
  if (difference !== undefined) throw new ConformanceFailure(`${about}: ${difference}`)
}

/** The first place where two values differ, in words; undefined where they are equal. */
export function findDifference(actual: unknown, expected: unknown, at: string): string | undefined {
  if (Object.is(actual, expected)) return undefined
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    return findByteDifference(actual, expected, at)
  }
  if (!isObject(actual) || !isObject(expected)) return differs(at, show(expected), show(actual))
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return differs(at, show(expected), show(actual))
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const inner = findDifference(actual[key], expected[key], at === '' ? key : `${at}.${key}`)
    if (inner !== undefined) return inner
  }
  return undefined
}

function findByteDifference(
  actual: Uint8Array,
  expected: Uint8Array,
  at: string,
): string | undefined {
  if (actual.length !== expected.length) {
    return differs(at, `${expected.length} bytes`, `${actual.length} bytes`)
  }
  for (let index = firstDifferingWord(actual, expected); index < actual.length; index++) {
    if (actual[index] === expected[index]) continue
    const place = at === '' ? `byte ${index}` : `${at}, byte ${index}`
    return differs(place, String(expected[index]), String(actual[index]))
  }
  return undefined
}

/** A byte index at or before the first difference, found four bytes at a time where alignment allows. */
function firstDifferingWord(a: Uint8Array, b: Uint8Array): number {
  if (a.byteOffset % 4 !== 0 || b.byteOffset % 4 !== 0) return 0
  const length = Math.floor(a.length / 4)
  const wordsOfA = new Uint32Array(a.buffer, a.byteOffset, length)
  const wordsOfB = new Uint32Array(b.buffer, b.byteOffset, length)
  let index = 0
  while (index < length && wordsOfA[index] === wordsOfB[index]) index++
  return index * 4
}

const differs = (at: string, expected: string, actual: string): string =>
  `${at === '' ? '' : `${at}: `}expected ${expected}, got ${actual}`

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = typeof value === 'string' || isObject(value) ? JSON.stringify(value) : String(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** One code, or those among which POSIX leaves the choice. */
export type ExpectedCode = ErrnoCode | readonly ErrnoCode[]

/** What the failed operation may call itself; several where one operation is made of another. */
export type ExpectedOperation = string | readonly string[]

/**
 * Runs an operation that has to fail: with a complete VfsError of this code and operation, and
 * leaving the whole tree (names, attributes, contents) as it was.
 */
export function refuses(
  vfs: Vfs,
  code: ExpectedCode,
  operation: ExpectedOperation,
  action: () => unknown,
): VfsError {
  const before = treeOf(vfs)
  const error = throwsError(code, operation, action)
  equal(treeOf(vfs), before, `the tree after ${error.message}`)
  return error
}

/** As `refuses`, where there is no tree to compare, as after `close`. */
export function throwsError(
  code: ExpectedCode,
  operation: ExpectedOperation,
  action: () => unknown,
): VfsError {
  let result: unknown
  try {
    result = action()
  } catch (error) {
    return checkError(error, code, operation)
  }
  throw new ConformanceFailure(
    `expected ${some(operation)} to throw ${some(code)}, got ${show(result)}`,
  )
}

/** As `throwsError`, for the asynchronous members; a synchronous throw is a failure. */
export async function rejects(
  code: ExpectedCode,
  operation: ExpectedOperation,
  action: () => Promise<unknown>,
): Promise<VfsError> {
  const promise = action()
  const error = await promise.then(
    () => {
      throw new ConformanceFailure(`expected ${some(operation)} to reject with ${some(code)}`)
    },
    (reason: unknown) => reason,
  )
  return checkError(error, code, operation)
}

const ANY_OPERATION = ''

/** For failures of a backend's own steps, whose names the contract leaves open. */
export const anyOperation: string = ANY_OPERATION

function checkError(error: unknown, code: ExpectedCode, operation: ExpectedOperation): VfsError {
  if (!(error instanceof VfsError)) {
    if (error instanceof ConformanceFailure) throw error
    throw new ConformanceFailure(
      `expected a VfsError ${some(code)} from ${some(operation)}, got ${String(error)}`,
      { cause: error },
    )
  }
  const about = `the error of ${some(operation)} (${error.message})`
  const codes = typeof code === 'string' ? [code] : code
  const operations = typeof operation === 'string' ? [operation] : operation
  if (!codes.includes(error.code)) {
    throw new ConformanceFailure(`${about}: expected ${some(code)}`, { cause: error })
  }
  equal(error.errno, ERRNO[error.code], `${about}: errno`)
  check(error.operation !== '', `${about}: has an operation`)
  if (!operations.includes(ANY_OPERATION) && !operations.includes(error.operation)) {
    throw new ConformanceFailure(`${about}: expected operation ${some(operation)}`, {
      cause: error,
    })
  }
  return error
}

const some = (names: string | readonly string[]): string =>
  typeof names === 'string' ? names : names.join(' or ')
