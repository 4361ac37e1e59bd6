import { describe, expect, test } from 'vitest'
import { cellOf, documentOf } from '../../test/documents.ts'
import { renderJson } from './json.ts'
import { amount, minutes, ratio } from './numbers.ts'
import { Progress } from './progress.ts'

describe('numbers', () => {
  test('have three significant digits and no exponent', () => {
    expect([1_234.5, 123.45, 12.345, 1.2345, 0.12345, 0.012345, 0].map(amount)).toEqual([
      '1,235',
      '123',
      '12.3',
      '1.23',
      '0.123',
      '0.0123',
      '0.00',
    ])
  })

  test('of ratios have two decimals until they are large', () => {
    expect([1, 0.8421, 9.999, 12.34, 99.96, 4_317].map(ratio)).toEqual([
      '1.00×',
      '0.84×',
      '10.0×',
      '12.3×',
      '100×',
      '4,317×',
    ])
  })

  test('of time are minutes and seconds, never negative', () => {
    expect([0, 59_400, 60_000, 3_599_900, -5].map(minutes)).toEqual([
      '0:00',
      '0:59',
      '1:00',
      '60:00',
      '0:00',
    ])
  })
})

describe('the JSON text', () => {
  const results = [cellOf('w', 'b none', [1, 2])]
  const document = documentOf({ complete: false, rounds: 0, results })

  test('is the document, with one line per cell', () => {
    const text = renderJson(document)
    expect(JSON.parse(text)).toEqual(document)
    expect(text.split('\n').filter((line) => line.includes('"workload"'))).toHaveLength(1)
  })

  test('is whole without any cells', () => {
    const empty = { ...document, results: [] }
    expect(JSON.parse(renderJson(empty))).toEqual(empty)
  })
})

describe('progress', () => {
  function written(isTTY: boolean): string {
    let text = ''
    let now = 0
    const stream = { isTTY, columns: 40, write: (more: string) => (text += more) }
    const progress = new Progress(stream, () => now)
    now = 65_000
    progress.begin('round 1: memory none', 130_000)
    progress.step('pg-create')
    progress.say('something went wrong')
    progress.end()
    return text
  }

  test('is lines without control characters where nobody watches', () => {
    expect(written(false)).toBe(
      '1:05  round 1: memory none, about 2:10 left\nsomething went wrong\n',
    )
  })

  test('rewrites one line on a terminal and keeps within its width', () => {
    const text = written(true)
    expect(text).toContain('1:05  round 1: memory none')
    const parts = text.split('\r\u001b[K')
    expect(parts.every((part) => part.length < 40)).toBe(true)
    expect(parts.at(-1)).toBe('')
    expect(text).toContain('something went wrong\n')
  })
})
