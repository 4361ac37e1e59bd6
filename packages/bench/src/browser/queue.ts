// Events on their way from the page to whoever asks for the next one. One asker at a time.

export class EventQueue<Event> {
  readonly #waiting: Event[] = []
  #asker: ((event: Event) => void) | undefined

  push(event: Event): void {
    const asker = this.#asker
    if (asker === undefined) {
      this.#waiting.push(event)
      return
    }
    this.#asker = undefined
    asker(event)
  }

  shift(): Promise<Event> {
    if (this.#asker !== undefined) throw new TypeError('somebody is waiting for the next event')
    const event = this.#waiting.shift()
    if (event !== undefined) return Promise.resolve(event)
    return new Promise((resolve) => {
      this.#asker = resolve
    })
  }
}
