// What is running and how long it will take: the line and the bar over the results, and the messages
// below. Driven by the rounds that open.ts runs.

import { minutes } from '../../report/numbers.ts'
import type { ProgressSink } from '../../rounds.ts'
import { element, show } from './dom.ts'

const TICK_MS = 1_000

export class PageProgress implements ProgressSink {
  readonly #start: number = performance.now()
  readonly #timer: ReturnType<typeof setInterval>
  #endsAt = 0

  constructor() {
    element('cancel', HTMLButtonElement).disabled = false
    show('cancel', true)
    show('bar', true)
    show('messages', false)
    show('progress', true)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  say(line: string): void {
    const item = document.createElement('li')
    item.textContent = line
    element('log').append(item)
    show('messages', true)
  }

  begin(sample: string, leftMs: number): void {
    element('doing').textContent = sample
    this.#endsAt = performance.now() + leftMs
    this.#tick()
  }

  step(name: string): void {
    element('step').textContent = name
  }

  end(words: string): void {
    clearInterval(this.#timer)
    element('doing').textContent = words
    element('step').textContent = ''
    element('left').textContent = ''
    show('cancel', false)
    show('bar', false)
  }

  #tick(): void {
    const now = performance.now()
    const left = this.#endsAt - now
    element('left').textContent = left > 0 ? `about ${minutes(left)} left` : ''
    element('bar', HTMLProgressElement).value = (now - this.#start) / (now - this.#start + left)
  }
}
