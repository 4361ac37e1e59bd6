// The interactive page: the same rounds, workloads and statistics as the command line's, run by hand in
// whatever browser shows it. Its markup is made by ../../open/; the page that runs tasks is in a frame.

import { FrameBrowser } from './frame.ts'
import { PageSession } from '../../page-session.ts'
import { RUNNER_PAGE, STORAGE_OWN, STORAGE_PARAMETER } from '../../protocol.ts'
import { browserTitle } from '../../report/browsers.ts'
import { renderHtml } from '../../report/html/page.ts'
import { renderJson } from '../../report/json.ts'
import { minutes } from '../../report/numbers.ts'
import { Rounds, type RunHooks } from '../../rounds.ts'
import type { BenchDocument } from '../../schema.ts'
import { describe } from '../errors.ts'
import { isOwn, wipeStorage } from '../wipe.ts'
import { element } from './dom.ts'
import { describePage, type Build } from './environment.ts'
import { Form } from './form.ts'
import { isolate } from './isolation.ts'
import { LiveResults } from './live.ts'
import type { Missing } from './needs-worker.ts'
import { PageProgress } from './progress.ts'

/** Held while a tab measures: two would remove each other's stores. */
const LOCK = 'wasm-vfs-bench'
const WIPE_DEADLINE_MS = 30_000
const NEEDS_DEADLINE_MS = 60_000
/** There the choices are folded at first. */
const NARROW = '(max-width: 40rem)'

const FEATURES = [
  ['opfs', 'OPFS access handles'],
  ['indexeddb', 'IndexedDB'],
  ['cross-origin-isolation', 'SharedArrayBuffer'],
] as const

class OpenPage {
  readonly #form: Form = new Form(() => this.#remember())
  readonly #results: LiveResults = new LiveResults()
  #build: Build = { pglite: 'unknown' }
  #document: BenchDocument | undefined
  #interrupt: AbortController | undefined

  async start(): Promise<void> {
    if (matchMedia(NARROW).matches) {
      for (const details of document.querySelectorAll('#setup details'))
        details.removeAttribute('open')
    }
    this.#restore()
    element('setup').addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#exclusively(() => this.#run())
    })
    element('cancel').addEventListener('click', () => {
      element('cancel', HTMLButtonElement).disabled = true
      this.#interrupt?.abort(new Error('cancelled'))
    })
    element('save-json').addEventListener('click', () => this.#save('json', renderJson))
    element('save-html').addEventListener('click', () => this.#save('html', renderHtml))
    addEventListener('beforeunload', (event) => {
      if (this.#interrupt !== undefined) event.preventDefault()
    })
    const [missing, build] = await Promise.all([whatIsMissing(), loadBuild()])
    this.#build = build
    listFeatures(missing)
    this.#form.disable(missing)
    // What a tab left that was closed while it measured.
    await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await wipeStorage(WIPE_DEADLINE_MS, isOwn)
    })
    document.documentElement.dataset['ready'] = 'true'
  }

  #restore(): void {
    try {
      this.#form.restore(new URLSearchParams(location.search))
    } catch (error) {
      complain(`The address of this page asks for what is not there. ${(error as Error).message}`)
    }
  }

  /** In the address, so that a selection can be kept and passed on. */
  #remember(): void {
    const parameters = this.#form.parameters.toString().replaceAll('%2C', ',')
    history.replaceState(null, '', parameters === '' ? location.pathname : `?${parameters}`)
  }

  async #exclusively(action: () => Promise<void>): Promise<void> {
    await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock === null) complain('Another tab of this page is measuring. One at a time.')
      else await action()
    })
  }

  async #run(): Promise<void> {
    const { selection } = this.#form
    const interrupt = new AbortController()
    this.#interrupt = interrupt
    element('alerts').replaceChildren()
    element('log').replaceChildren()
    this.#form.lock(true)
    const progress = new PageProgress()
    const hidden = (): void => {
      if (document.hidden) progress.say('The tab went into the background: figures may suffer.')
    }
    document.addEventListener('visibilitychange', hidden)
    const env = describePage(this.#build)
    const { name, version } = env.browser
    const browser = new FrameBrowser(name, version)
    const url = new URL(`${RUNNER_PAGE}?${STORAGE_PARAMETER}=${STORAGE_OWN}`, document.baseURI)
    const session = new PageSession(browser, url.href)
    const draw = (run: BenchDocument): void => {
      this.#document = run
      this.#results.draw(run, true)
    }
    const hooks: RunHooks = {
      progress,
      save: draw,
      preview: () => {},
      heard: (column, event) => this.#results.heard(column, event),
      signal: interrupt.signal,
    }
    try {
      progress.begin(`loading, in ${browserTitle(name)} ${version}`, 0)
      const startedAt = performance.now()
      const rounds = new Rounds(selection, hooks, session, env, startedAt)
      draw(rounds.document(false))
      element('progress').scrollIntoView({ block: 'start' })
      await session.renew()
      const { document: run, endedBy } = await rounds.run()
      this.#document = run
      const took = minutes(performance.now() - startedAt)
      const how = endedBy === undefined ? 'Done' : 'Cancelled'
      progress.end(
        `${how}: ${run.rounds} whole ${run.rounds === 1 ? 'round' : 'rounds'} in ${took}.`,
      )
    } catch (error) {
      progress.end('')
      complain(`The run ended: ${describe(error)}`)
    } finally {
      document.removeEventListener('visibilitychange', hidden)
      this.#interrupt = undefined
      // With its workers, and what they hold.
      await browser.close()
      await removeStores()
      if (this.#document !== undefined) this.#results.draw(this.#document, false)
      this.#form.lock(false)
      element('run').focus({ preventScroll: true })
    }
  }

  #save(extension: string, render: (run: BenchDocument) => string): void {
    const run = this.#document
    if (run === undefined) return
    const type = extension === 'json' ? 'application/json' : 'text/html'
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([render(run)], { type }))
    const time = run.env.date.slice(0, 19).replaceAll(':', '-')
    link.download = `${time}-${run.env.browser.name}.${extension}`
    link.click()
    // The browser reads it after the click.
    setTimeout(() => URL.revokeObjectURL(link.href), WIPE_DEADLINE_MS)
  }
}

async function removeStores(): Promise<void> {
  try {
    await wipeStorage(WIPE_DEADLINE_MS, isOwn)
  } catch (error) {
    complain(
      `What was stored is still in use, and is removed when the page is opened again. ${describe(error)}`,
    )
  }
}

function whatIsMissing(): Promise<Missing> {
  const worker = new Worker(new URL('./needs-worker.ts', import.meta.url), { type: 'module' })
  return new Promise<Missing>((resolve, reject) => {
    const late = (): void => reject(new Error('no worker starts in this browser'))
    setTimeout(late, NEEDS_DEADLINE_MS)
    worker.onerror = (event) => reject(new Error(event.message ?? 'no worker starts here'))
    worker.onmessage = ({ data }: MessageEvent<Missing>) => resolve(data)
  }).finally(() => worker.terminate())
}

async function loadBuild(): Promise<Build> {
  return (await (await fetch('./build.json')).json()) as Build
}

function listFeatures(missing: Missing): void {
  const items = FEATURES.map(([need, title]) => {
    const item = document.createElement('li')
    item.className = missing[need] === undefined ? 'yes' : 'no'
    item.textContent = title
    item.title = missing[need] ?? 'available'
    return item
  })
  element('features').replaceChildren(...items)
  const reasons = [...new Set(Object.values(missing))]
  if (reasons.length === 0) return
  complain(
    `Some columns cannot run here: ${reasons.join('; ')}.` +
      (missing['cross-origin-isolation'] === undefined
        ? ''
        : ' Isolation takes two headers from the server: see docs/benchmarks.md.'),
  )
}

function complain(text: string): void {
  const line = document.createElement('p')
  line.className = 'alert'
  line.textContent = text
  element('alerts').append(line)
}

try {
  if (!isSecureContext) throw new Error('it gives storage to pages of https or localhost alone')
  await isolate()
  await new OpenPage().start()
} catch (error) {
  complain(`This browser cannot run the benchmark: ${describe(error)}`)
}
