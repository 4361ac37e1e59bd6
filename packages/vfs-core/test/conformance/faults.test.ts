// The suite can fail: each requirement catches the faults that are put before it.

import { planConformance, requirements, runCase } from '@wasm-vfs/core/testing'
import { describe, expect, it } from 'vitest'
import { faults, faultyTarget } from './faults.ts'
import { logTarget } from './replay.target.ts'

describe('faults that the suite must catch', () => {
  for (const fault of faults) {
    it(`${fault.requirement}: a file system that ${fault.name}`, async () => {
      const target = faultyTarget(logTarget, fault)
      const cases = planConformance(target).cases.filter((each) => {
        return each.requirement === fault.requirement
      })
      const failed: string[] = []
      for (const each of cases) {
        await runCase(target, each).catch(() => failed.push(each.name))
      }
      expect(failed).not.toEqual([])
    })
  }

  it('there is one for every requirement', () => {
    const names = requirements.map((requirement) => requirement.name)
    expect(new Set(faults.map((fault) => fault.requirement))).toEqual(new Set(names))
  })
})
