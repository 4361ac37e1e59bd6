import { expect, it } from 'vitest'
import { checkOptions } from '../src/options.ts'

const NUMBERS = [
  ['windowMs', 0],
  ['maxHandles', 4],
  ['ringBytes', 64 * 1024],
  ['deadlineMs', 100],
] as const

const WRONG = [-1, 0.5, 4.5, Number.NaN, Infinity, 2 ** 60, '5']

it.each(NUMBERS)(
  '%s is an integer of at least %d, and nothing else is taken for one',
  (name, least) => {
    expect(checkOptions({ [name]: least })[name]).toBe(least)
    for (const wrong of [...WRONG, least - 1, least + 0.5]) {
      expect(() => checkOptions({ [name]: wrong })).toThrow(TypeError)
    }
  },
)
