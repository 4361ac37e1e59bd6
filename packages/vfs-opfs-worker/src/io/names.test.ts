import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeName, encodeName } from './names.ts'

// Names near those that need an escape, and any others.
const nearby = array(constantFrom('%', '25', '5C', '\\', '5c', '.wasm-vfs', '~', 'x', '2', '5'), {
  maxLength: 8,
}).map((parts) => parts.join(''))
const names = oneof(nearby, string({ unit: 'binary' }))

describe('a name in OPFS', () => {
  it('gives the name of the program back', () => {
    assert(
      property(names, (name) => {
        expect(decodeName(encodeName(name))).toBe(name)
      }),
    )
  })

  it('is one that OPFS takes and the store does not use', () => {
    assert(
      property(names, (name) => {
        expect(encodeName(name)).not.toContain('\\')
        expect(encodeName(name)).not.toBe('.wasm-vfs')
      }),
    )
  })

  it('belongs to one name of the program, whoever made it', () => {
    const listed = names.filter((name) => !name.includes('\\') && name !== '.wasm-vfs')
    assert(
      property(listed, (name) => {
        expect(encodeName(decodeName(name)!)).toBe(name)
      }),
    )
  })

  it('is the name itself, but for backslashes and what looks like an escape', () => {
    expect(encodeName('100%25')).toBe('100%25')
    expect(encodeName('a\\b')).toBe('a%5Cb')
    expect(encodeName('a%5Cb')).toBe('a%255Cb')
    expect(encodeName('.wasm-vfs')).toBe('.wasm-vfs~')
    expect(decodeName('.wasm-vfs')).toBeUndefined()
  })
})
