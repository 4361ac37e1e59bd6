import { describe, expect, test } from 'vitest'
import { BACKENDS, backendNamed, WARM_UP } from './backends/index.ts'
import { commitProbe } from './probes/commit.ts'
import { PROBES, probeNamed } from './probes/index.ts'
import { WORKLOADS, workloadNamed } from './workloads/index.ts'
import { LIVES } from './workloads/workload.ts'

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

  test('run the lives in their order, and in each the phases in theirs', () => {
    const phases = ['create', 'use', 'close', 'reopen', 'mount', 'reopen-killed']
    const places = WORKLOADS.map(
      ({ life, phase }) => LIVES.indexOf(life) * 10 + phases.indexOf(phase),
    )
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    for (const life of LIVES) {
      for (const phase of phases.filter((name) => name !== 'use')) {
        const steps = WORKLOADS.filter((each) => each.life === life && each.phase === phase)
        expect(steps.length).toBeLessThanOrEqual(1)
      }
    }
  })

  test('have a probe for a commit of any size, flushed if it is strict', () => {
    expect(commitProbe(8_192, 'relaxed')).toBe('opfs-write-8k')
    expect(commitProbe(8_700, 'strict')).toBe('opfs-write-8k-flush')
    expect(PROBES).toContain(probeNamed(commitProbe(8_192, 'strict')))
    expect(probeNamed(commitProbe(19_456, 'relaxed')).name).toBe('opfs-write-19k')
    expect(() => probeNamed('opfs-write-much')).toThrow(TypeError)
  })
})
