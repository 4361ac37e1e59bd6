// The results while they come: the report of what there is so far, drawn anew between samples, and single
// cells filled in as they are measured. Called by open.ts.

import type { Column, TaskEvent } from '../../protocol.ts'
import { about, results } from '../../report/html/page.ts'
import { quantity } from '../../report/numbers.ts'
import type { BenchDocument } from '../../schema.ts'
import { median } from '../../statistics.ts'
import { workloadNamed, WORKLOADS } from '../../workloads/index.ts'
import { element, show } from './dom.ts'

export class LiveResults {
  readonly #root: HTMLElement = element('results')

  /** Where the reader is (level, unfolded groups, focus, scrolling) stays as it was. */
  draw(document_: BenchDocument, isRunning: boolean): void {
    const place = new Place(this.#root)
    this.#root.classList.toggle('running', isRunning)
    this.#root.innerHTML = results(document_, 'figures-first').toString()
    element('about').innerHTML = isRunning ? '' : about(document_).toString()
    show('outcome', true)
    place.restore()
  }

  /**
   * A cell takes its figure at once. This is done while the worker pauses between two workloads, so that
   * drawing does not fall into what is timed.
   */
  heard({ backend, durability }: Column, event: TaskEvent): void {
    if (event.type === 'stage') this.#mark(backend, durability, event.name)
    if (event.type !== 'measured' || event.samples.length === 0) return
    const { unit } = workloadNamed(event.name)
    for (const cell of this.#cells(backend, durability, event.name)) {
      if (!cell.classList.contains('pending')) continue
      cell.classList.remove('pending')
      cell.textContent = quantity(median(event.samples), unit)
    }
  }

  #mark(backend: string, durability: string, step: string): void {
    for (const cell of this.#root.querySelectorAll('.now')) cell.classList.remove('now')
    if (!WORKLOADS.some(({ name }) => name === step)) return
    for (const cell of this.#cells(backend, durability, step)) cell.classList.add('now')
  }

  /** One in each level's table for what is in memory. */
  #cells(backend: string, durability: string, workload: string): Element[] {
    const within = durability === 'none' ? '' : `.level-${durability} `
    return [...this.#root.querySelectorAll(`${within}[data-cell="${workload} ${backend}"]`)]
  }
}

/** Where a reader is in a part of the page that is about to be replaced. */
class Place {
  readonly #root: HTMLElement
  readonly #level: string | undefined
  readonly #unfolded: readonly number[]
  readonly #scrolled: readonly number[]
  readonly #focused: number

  constructor(root: HTMLElement) {
    this.#root = root
    this.#level = root.querySelector<HTMLElement>('[name=level]:checked')?.id
    this.#unfolded = all(root, 'details').flatMap((each, index) =>
      (each as HTMLDetailsElement).open ? [index] : [],
    )
    this.#scrolled = all(root, '.scroll').map(({ scrollLeft }) => scrollLeft)
    this.#focused = all(root, FOCUSABLE).findIndex((each) => each === document.activeElement)
  }

  restore(): void {
    const root = this.#root
    const level = all(root, '[name=level]').find(({ id }) => id === this.#level)
    if (level instanceof HTMLInputElement) level.checked = true
    for (const [index, each] of all(root, 'details').entries()) {
      ;(each as HTMLDetailsElement).open = this.#unfolded.includes(index)
    }
    for (const [index, each] of all(root, '.scroll').entries()) {
      each.scrollLeft = this.#scrolled[index] ?? 0
    }
    if (this.#focused >= 0) all(root, FOCUSABLE)[this.#focused]?.focus({ preventScroll: true })
  }
}

const FOCUSABLE = 'input, summary, [tabindex="0"]'

function all(root: HTMLElement, selector: string): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(selector)]
}
