import { describe, expect, test } from 'vitest'
import { BACKENDS, backendNamed, WARM_UP } from './backends/index.ts'
import { PROBES } from './probes/index.ts'
import { WORKLOADS, workloadNamed } from './workloads/index.ts'

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
