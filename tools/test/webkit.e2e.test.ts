// WebKitGTK by itself: a page runs, what it stores is there at the next launch, no process stays.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureWebKit, launchWebKit } from '../webkit.ts'

// Counts its launches in IndexedDB.
const PAGE = `<!doctype html><title>lives</title><script>
  const request = indexedDB.open('lives', 1)
  request.onupgradeneeded = () => request.result.createObjectStore('lives')
  request.onsuccess = () => {
    const store = request.result.transaction('lives', 'readwrite').objectStore('lives')
    store.get('n').onsuccess = ({ target }) => {
      const n = (target.result ?? 0) + 1
      store.put(n, 'n')
      store.transaction.oncomplete = () => fetch('/lives/' + n)
    }
  }
</script>`

const installation = await ensureWebKit()

describe.runIf(installation !== undefined)('WebKitGTK', () => {
  let scratch: string
  let server: Server
  let url: string
  let told: (lives: string) => void

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-webkit-'))
    server = createServer((request, response) => {
      const [, lives] = /^\/lives\/(\d+)$/.exec(request.url ?? '') ?? []
      if (lives !== undefined) told(lives)
      response.setHeader('Content-Type', 'text/html').end(PAGE)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })

  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
  })

  async function livesAfterLaunch(profileDir: string): Promise<string> {
    const lives = new Promise<string>((resolve) => (told = resolve))
    const browser = await launchWebKit(url, { profileDir, installation: installation! })
    try {
      return await Promise.race([lives, browser.exited])
    } finally {
      await browser.close()
    }
  }

  test('keeps IndexedDB from one launch to the next, by profile', async () => {
    const profile = join(scratch, 'one')
    expect([await livesAfterLaunch(profile), await livesAfterLaunch(profile)]).toEqual(['1', '2'])
    expect(await livesAfterLaunch(join(scratch, 'two'))).toBe('1')
  })

  test('ends with all its processes, closed or late', async () => {
    const profileDir = join(scratch, 'late')
    const settings = { profileDir, installation: installation!, deadlineMs: 1000 }
    const late = await launchWebKit(url, settings)
    expect(await late.exited).toContain('not finished after 1 s')
    const closed = await launchWebKit(url, { profileDir, installation: installation! })
    await closed.close()
    expect(await closed.exited).toBe('closed')
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'stat=,args='])
    const left = stdout.split('\n').filter((line) => line.includes(url) && !line.startsWith('Z'))
    expect(left).toEqual([])
  })
})
