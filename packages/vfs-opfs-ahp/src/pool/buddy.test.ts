import { array, assert, integer, nat, oneof, property, record } from 'fast-check'
import { expect, it } from 'vitest'
import { SLOT_MIN } from '../layout.ts'
import { BuddyAllocator, type FreeSlot } from './buddy.ts'

const EVERYTHING = [{ offset: 0, size: Infinity }]

type Step = { readonly take: number } | { readonly give: number } | { readonly extend: number }

const steps = array(
  oneof(
    record({ take: integer({ min: 0, max: 6 }).map((order) => SLOT_MIN * 2 ** order) }),
    record({ give: nat() }),
    record({ extend: nat() }),
  ),
  { maxLength: 200 },
)

function run(allocator: BuddyAllocator, sequence: readonly Step[]): FreeSlot[] {
  const taken: FreeSlot[] = []
  for (const step of sequence) {
    if ('take' in step) taken.push(allocator.take(step.take))
    else if (taken.length === 0) continue
    else if ('give' in step) {
      const [slot] = taken.splice(step.give % taken.length, 1)
      allocator.give({ ...slot!, suspect: false })
    } else {
      const at = step.extend % taken.length
      const { offset, size, suspect } = taken[at]!
      const wanted = size * 2 ** (1 + (step.extend % 3))
      const added = allocator.extend(offset, size, wanted)
      if (added === undefined) continue
      taken[at] = { offset, size: size + added.size, suspect }
    }
  }
  return taken
}

it('hands out aligned slots that never overlap and accounts for every byte', () => {
  assert(
    property(steps, (sequence) => {
      const allocator = new BuddyAllocator()
      const taken = run(allocator, sequence)
      const all = [...taken, ...allocator.freeSlots()].toSorted((a, b) => a.offset - b.offset)
      let end = 0
      for (const { offset, size } of all) {
        expect(offset).toBe(end)
        expect(offset % size).toBe(0)
        end = offset + size
      }
      expect(end).toBe(allocator.top)
    }),
  )
})

it('is empty again when everything was given back', () => {
  assert(
    property(steps, (sequence) => {
      const allocator = new BuddyAllocator()
      for (const slot of run(allocator, sequence)) allocator.give({ ...slot, suspect: false })
      expect(allocator.top).toBe(0)
      expect(allocator.freeBytes).toBe(0)
    }),
  )
})

it('rebuilds the same free space from the slots in use', () => {
  assert(
    property(steps, (sequence) => {
      const allocator = new BuddyAllocator()
      const taken = run(allocator, sequence)
      const rebuilt = new BuddyAllocator()
      expect(rebuilt.rebuild(taken, EVERYTHING)).toBeUndefined()
      expect(rebuilt.top).toBe(allocator.top)
      expect(rebuilt.freeBytes).toBe(allocator.freeBytes)
      for (const slot of rebuilt.freeSlots()) expect(slot.suspect).toBe(true)
    }),
  )
})

it('says what is wrong with slots that overlap or are not aligned', () => {
  const allocator = new BuddyAllocator()
  const twice = [
    { offset: 0, size: 8192 },
    { offset: 4096, size: 4096 },
  ]
  expect(allocator.rebuild(twice, [])).toMatch(/overlap/)
  expect(allocator.rebuild([{ offset: 4096, size: 8192 }], [])).toMatch(/not aligned/)
})

it('rebuilds what is suspect from what was', () => {
  const allocator = new BuddyAllocator()
  const taken = [0, 3, 8].map((at) => ({ offset: at * SLOT_MIN, size: SLOT_MIN }))
  const stale = [
    { offset: 2 * SLOT_MIN, size: SLOT_MIN },
    { offset: 9 * SLOT_MIN, size: 4 * SLOT_MIN },
  ]
  expect(allocator.rebuild(taken, stale)).toBeUndefined()
  expect([...allocator.suspectSpace()]).toEqual(stale)
  expect(allocator.take(8 * SLOT_MIN)).toMatchObject({ offset: 16 * SLOT_MIN, suspect: false })
})

it('keeps space suspect across a lowered top until the file has been cut', () => {
  const allocator = new BuddyAllocator()
  const high = { offset: 3 * SLOT_MIN, size: SLOT_MIN }
  allocator.rebuild([{ offset: 0, size: SLOT_MIN }, high], EVERYTHING)
  allocator.give({ ...high, suspect: false })
  expect(allocator.top).toBe(SLOT_MIN)
  expect(allocator.take(SLOT_MIN)).toMatchObject({ offset: SLOT_MIN, suspect: true })

  allocator.trimmed()
  expect(allocator.take(2 * SLOT_MIN)).toMatchObject({ offset: 2 * SLOT_MIN, suspect: false })
})

it('extends a slot into free space and over the top, and says whether that is suspect', () => {
  const allocator = new BuddyAllocator()
  expect(
    allocator.rebuild(
      [
        { offset: 0, size: SLOT_MIN },
        { offset: 3 * SLOT_MIN, size: SLOT_MIN },
      ],
      EVERYTHING,
    ),
  ).toBeUndefined()
  expect(allocator.extend(0, SLOT_MIN, 4 * SLOT_MIN)).toBeUndefined()
  expect(allocator.extend(0, SLOT_MIN, 2 * SLOT_MIN)).toMatchObject({ suspect: true })
  expect(allocator.extend(3 * SLOT_MIN, SLOT_MIN, 2 * SLOT_MIN)).toBeUndefined()
  allocator.give({ offset: 3 * SLOT_MIN, size: SLOT_MIN, suspect: false })
  expect(allocator.top).toBe(2 * SLOT_MIN)
  expect(allocator.extend(0, 2 * SLOT_MIN, 8 * SLOT_MIN)).toMatchObject({
    offset: 2 * SLOT_MIN,
    size: 6 * SLOT_MIN,
    suspect: true,
  })
  expect(allocator.top).toBe(8 * SLOT_MIN)
})
