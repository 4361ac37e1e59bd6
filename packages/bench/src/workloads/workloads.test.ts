// The catalogues, and the rows: what can be known without a browser.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BACKENDS, backendNamed, WARM_UP } from '../backends/index.ts'
import { perSample } from '../browser/meter.ts'
import { PROBES } from '../probes/index.ts'
import { WORKLOADS, workloadNamed } from './index.ts'
import { payload, PAYLOAD_BYTES, ROW_SIZES, RowTable } from './rows.ts'

describe('the catalogues', () => {
  test('name everything once', () => {
    const names = [...BACKENDS, ...WORKLOADS, ...PROBES].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toBe(true)
  })

  test('find by name, and refuse names that are not there', () => {
    expect(backendNamed('pglite-idb').name).toBe('pglite-idb')
    expect(workloadNamed('pg-reopen').phase).toBe('reopen')
    expect(() => backendNamed('nothing')).toThrow(TypeError)
    expect(() => workloadNamed('nothing')).toThrow(TypeError)
  })

  test('keep durability for what persists', () => {
    for (const { durabilities, persistent } of BACKENDS) {
      expect(durabilities.includes('none')).toBe(!persistent)
    }
    expect(BACKENDS).toContain(WARM_UP)
  })

  test('run the phases of a life in their order', () => {
    const order = ['create', 'use', 'close', 'reopen']
    const phases = WORKLOADS.map(({ phase }) => order.indexOf(phase))
    expect(phases).toEqual(phases.toSorted((a, b) => a - b))
    for (const phase of ['create', 'close', 'reopen']) {
      expect(WORKLOADS.filter((workload) => workload.phase === phase)).toHaveLength(1)
    }
  })
})

describe('rows', () => {
  test('have their size, and differ by id and by version', () => {
    for (const size of ROW_SIZES) {
      const texts = new Set<string>()
      for (let id = 1; id <= 500; id++) {
        for (const version of [0, 1, 2]) {
          const text = payload(size, id, version)
          expect(text).toHaveLength(PAYLOAD_BYTES[size])
          texts.add(text)
        }
      }
      expect(texts.size).toBe(1_500)
    }
  })

  test('are the same each time', () => {
    expect(payload('1k', 7, 3)).toBe(payload('1k', 7, 3))
  })

  test('do not compress beyond what six bits in a byte leave', () => {
    const text = Array.from({ length: 50 }, (_, id) => payload('10k', id + 1, 0)).join('')
    expect(gzipSync(text).length / text.length).toBeGreaterThan(0.74)
  })

  test('of an empty table have the digest of nothing', async () => {
    const { rows, digest } = await new RowTable('small').expected([])
    expect(rows).toBe(0)
    // sha256sum of an empty file
    expect(digest).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})

describe('counters', () => {
  test('are divided by the samples, except the number of handles', () => {
    const before = { handles: 5, flushes: 10 }
    const after = { handles: 7, flushes: 30, writes: 5 }
    expect(perSample(before, after, 10)).toEqual({ handles: 7, flushes: 2, writes: 0.5 })
    expect(perSample({}, {}, 10)).toBeUndefined()
  })
})
