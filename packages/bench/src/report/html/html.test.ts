import { describe, expect, test } from 'vitest'
import { MARKUP_IN_A_MESSAGE, sampleRun } from '../../../test/sample-run.ts'
import { html, Markup } from './markup.ts'
import { renderHtml } from './page.ts'
import { linearScale, ratioScale } from './scale.ts'
import { ReportView } from './view.ts'

describe('markup', () => {
  test('escapes what is text, and joins what is markup', () => {
    const inner = html`<b>${'1 < 2 & "3"'}</b>`
    expect(html`<p>${[inner, inner]}${undefined}${5}</p>`.toString()).toBe(
      '<p><b>1 &#60; 2 &#38; &#34;3&#34;</b><b>1 &#60; 2 &#38; &#34;3&#34;</b>5</p>',
    )
    expect(html`${new Markup('<i>')}`.toString()).toBe('<i>')
  })
})

describe('a scale', () => {
  test('of ratios puts 1 at its origin, and a half as far from it as a double', () => {
    const scale = ratioScale([0.25, 4])
    expect(scale.origin).toBe(scale.at(1))
    expect(scale.at(2) - scale.at(1)).toBeCloseTo(scale.at(1) - scale.at(0.5), 9)
    expect(scale.at(4)).toBeLessThan(100)
    expect(scale.at(0.25)).toBeGreaterThan(0)
    expect(scale.ticks).toContain(1)
  })

  test('of ratios far apart has a tick at each power of ten, and keeps what is infinite out', () => {
    expect(ratioScale([0.9, 550, Infinity, 0]).ticks).toEqual([1, 10, 100])
  })

  test('of values begins at zero, with round ticks', () => {
    const scale = linearScale([294, 660])
    expect([scale.origin, scale.at(0)]).toEqual([0, 0])
    expect(scale.at(660)).toBeCloseTo(2 * scale.at(330), 9)
    expect(scale.ticks).toEqual([0, 200, 400, 600])
    expect(linearScale([]).ticks[0]).toBe(0)
  })
})

describe('what the report reads of a run', () => {
  const view = new ReportView(sampleRun())

  test('never mixes the levels, and has memory in both', () => {
    expect(view.levels).toEqual(['strict', 'relaxed'])
    const cells = view.cells('pg-create', 'relaxed')
    expect(cells.map(({ result }) => `${result.backend} ${result.durability}`)).toEqual([
      'memory none',
      'opfs-ahp relaxed',
      'idb relaxed',
      'pglite-opfs-ahp relaxed',
    ])
  })

  test('has ratios to memory, intervals, and reasons where there is no figure', () => {
    const [memory, ours] = view.cells('pg-create', 'strict')
    expect(memory?.ratio).toBeUndefined()
    expect(ours?.ratio?.value).toBeCloseTo(1.5, 9)
    expect(ours?.figure?.low).toBeCloseTo(2_940, 6)
    const reopen = view.cells('pg-reopen', 'relaxed')
    expect(reopen.map(({ backend }) => backend)).not.toContain('memory')
    expect(reopen.at(-1)?.reason).toMatchObject({ word: 'failed', message: MARKUP_IN_A_MESSAGE })
  })

  test('without a column that persists has one level', () => {
    const { results, ...rest } = sampleRun()
    const inMemory = results.filter(({ durability }) => durability === 'none')
    const page = renderHtml({ ...rest, results: inMemory })
    expect(new ReportView({ ...rest, results: inMemory }).levels).toEqual(['memory'])
    expect(page).not.toContain('<fieldset')
  })
})

describe('the findings', () => {
  const text = (page: string): string =>
    page
      .replaceAll(/<style>.*<\/style>/gs, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')

  test('name the fastest that keeps its content, and how far the others are behind', () => {
    const page = text(renderHtml(sampleRun()))
    expect(page).toContain('Commit one small row 0.450 ms opfs-ahp , 1.50× memory idb 2.25×')
    expect(page).toContain('pglite-opfs-ahp failed')
  })

  test('call equal what the run cannot tell apart', () => {
    const { results, ...rest } = sampleRun()
    const alike = results.map((cell) =>
      cell.workload === 'pg-insert-small' && cell.backend === 'idb'
        ? { ...cell, samples: [0.44, 0.45, 0.46, 0.47, 0.48] }
        : cell,
    )
    expect(text(renderHtml({ ...rest, results: alike }))).toContain(
      'Commit one small row 0.450 ms equal within noise: opfs-ahp, idb',
    )
  })

  test('of few rounds come with a warning', () => {
    expect(text(renderHtml(sampleRun(2)))).toContain('Few rounds (2)')
    expect(text(renderHtml(sampleRun(5)))).not.toContain('Few rounds')
  })
})
