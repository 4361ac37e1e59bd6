// The form of the interactive page: what is chosen, how the page's address and the command line say it,
// and what this browser cannot do. Used by open.ts.

import { BACKENDS } from '../../backends/index.ts'
import type { RunSelection } from '../../rounds.ts'
import {
  columnsOf,
  count,
  DURABILITIES,
  SAMPLES_MAX,
  selectColumns,
  selectWorkloads,
  SIZE_MIB,
  TABLES,
  type Given,
} from '../../selection.ts'
import { WORKLOADS } from '../../workloads/index.ts'
import { element } from './dom.ts'
import type { Missing } from './needs-worker.ts'

const GROUPS = ['backend', 'workload', 'durability'] as const
type Group = (typeof GROUPS)[number]

/** As a pattern. */
const ALL = '*'

const PRESETS: Readonly<Record<string, Given>> = {
  default: {},
  quick: { quick: true },
  full: { full: true },
  files: { full: true, workload: ['file-*'] },
}

export class Form {
  readonly #form: HTMLFormElement = element('setup', HTMLFormElement)
  readonly #samples: HTMLInputElement = element('samples', HTMLInputElement)
  readonly #changed: () => void

  /** `changed` is called after each change of what is chosen. */
  constructor(changed: () => void) {
    this.#changed = changed
    this.#form.addEventListener('input', (event) => {
      const { target } = event
      if (target instanceof HTMLInputElement && 'all' in target.dataset) this.#all(target)
      this.#update()
    })
    for (const button of this.#form.querySelectorAll<HTMLElement>('[data-preset]')) {
      button.addEventListener('click', () => {
        this.#choose(PRESETS[button.dataset['preset'] ?? ''] ?? {})
        this.#update()
      })
    }
  }

  /** What the page's address says; UsageError, and the default set, if it cannot be understood. */
  restore(search: URLSearchParams): void {
    const given = (name: string): string[] | undefined => {
      const value = search.get(name)
      return value === null ? undefined : [value]
    }
    try {
      this.#choose({
        backend: given('backend'),
        workload: given('workload'),
        durability: given('durability'),
      })
      const samples = search.get('samples')
      this.#samples.value = samples === null ? '' : String(count('samples', samples, SAMPLES_MAX))
    } catch (error) {
      this.#choose({})
      throw error
    } finally {
      this.#update()
    }
  }

  /** Takes away what this browser cannot open, and says why. */
  disable(missing: Missing): void {
    for (const { name, needs } of BACKENDS) {
      const reason = needs.map((need) => missing[need]).find((each) => each !== undefined)
      const box = this.#boxes('backend').find(({ value }) => value === name)
      if (reason === undefined || box === undefined) continue
      box.disabled = true
      const words = box.closest('label')?.querySelector('.reason')
      if (words) words.textContent = reason
    }
    this.#update()
  }

  /** While a run is under way. */
  lock(isLocked: boolean): void {
    for (const fieldset of this.#form.querySelectorAll('fieldset, button, #samples')) {
      fieldset.toggleAttribute('disabled', isLocked)
    }
    if (!isLocked) this.#update()
  }

  get selection(): RunSelection {
    return {
      columns: columnsOf(this.#checked('backend'), this.#checked('durability')),
      // In the order of the list, in which a life runs them; the form has them in groups.
      workloads: names(WORKLOADS).filter((name) => this.#checked('workload').includes(name)),
      samples: this.#samples.value === '' ? undefined : this.#samples.valueAsNumber,
      settings: { sizeMiB: SIZE_MIB.default, tables: TABLES.default },
    }
  }

  /** Only what differs from the default set. */
  get parameters(): URLSearchParams {
    const parameters = new URLSearchParams()
    for (const group of GROUPS) {
      const boxes = this.#boxes(group)
      if (boxes.every(({ checked, dataset }) => checked === 'default' in dataset)) continue
      const chosen = this.#checked(group)
      const isAll = chosen.length === boxes.filter(({ disabled }) => !disabled).length
      if (chosen.length > 0) parameters.set(group, isAll ? ALL : chosen.join(','))
    }
    if (this.#samples.value !== '') parameters.set('samples', this.#samples.value)
    return parameters
  }

  get command(): string {
    const options = [...this.parameters].map(([name, value]) =>
      value === ALL ? ` --${name} '${ALL}'` : ` --${name} ${value}`,
    )
    return `pnpm bench${options.join('')}`
  }

  #update(): void {
    for (const section of this.#form.querySelectorAll('.section')) {
      const boxes = [...section.querySelectorAll<HTMLInputElement>('input[name]:enabled')]
      const chosen = boxes.filter(({ checked }) => checked).length
      const all = section.querySelector<HTMLInputElement>('[data-all]')
      if (all) {
        all.checked = chosen > 0 && chosen === boxes.length
        all.indeterminate = chosen > 0 && chosen < boxes.length
        all.disabled = boxes.length === 0
      }
      const words = section.querySelector('.count')
      if (words) words.textContent = `${chosen} of ${boxes.length}`
    }
    const { columns, workloads } = this.selection
    const isEmpty = columns.length === 0 || workloads.length === 0
    const size = `${plural(columns.length, 'column')} × ${plural(workloads.length, 'workload')}`
    element('size').textContent = isEmpty ? 'Choose a file system and some work.' : size
    element('command').textContent = this.command
    element('run', HTMLButtonElement).disabled = isEmpty || !this.#samples.validity.valid
    this.#changed()
  }

  #choose(given: Given): void {
    const wanted: Readonly<Record<Group, readonly string[]>> = {
      backend: selectColumns({ ...given, durability: undefined }).map(({ backend }) => backend),
      workload: selectWorkloads(given),
      durability: DURABILITIES.filter((level) =>
        given.durability === undefined
          ? true
          : selectColumns({ full: true, durability: given.durability }).some(
              ({ durability }) => durability === level,
            ),
      ),
    }
    for (const group of GROUPS) {
      for (const box of this.#boxes(group)) box.checked = wanted[group].includes(box.value)
    }
  }

  #all(box: HTMLInputElement): void {
    const boxes = box.closest('.section')?.querySelectorAll<HTMLInputElement>('input[name]:enabled')
    for (const each of boxes ?? []) each.checked = box.checked
  }

  #checked(group: Group): string[] {
    return this.#boxes(group)
      .filter(({ checked, disabled }) => checked && !disabled)
      .map(({ value }) => value)
  }

  #boxes(group: Group): HTMLInputElement[] {
    return [...this.#form.querySelectorAll<HTMLInputElement>(`input[name=${group}]`)]
  }
}

function names(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name)
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
