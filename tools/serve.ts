// Builds pages and workers for a browser and serves them on the loopback interface. Called by the
// end-to-end tests and packages/bench, which then point a browser from tools/browsers.ts at the URL.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import sirv from 'sirv'

export { bundle, type BundleOptions } from './bundle.ts'

export interface ServeOptions {
  /** What is served where: URL prefixes, each beginning with a slash, to directories. */
  readonly directories: Readonly<Record<string, string>>
  /** Cross-origin isolation (SharedArrayBuffer, precise clocks); default true. */
  readonly isolated?: boolean
  /** Sent with everything, e.g. a content security policy. */
  readonly headers?: Readonly<Record<string, string>>
  /** Rejects with EADDRINUSE if it is taken; default: one that is free. */
  readonly port?: number
}

export interface Server {
  /** The origin, without a trailing slash, e.g. `'http://127.0.0.1:41234'`. */
  readonly url: string
  close(): Promise<void>
}

const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

/** Serves directories on a loopback port, uncached, longest prefix first. */
export async function serve(options: ServeOptions): Promise<Server> {
  const mounts = Object.entries(options.directories)
    .map(([prefix, directory]) => ({
      prefix: prefix.replace(/\/+$/, ''),
      handle: sirv(resolve(directory), { dev: true, setHeaders }),
    }))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
  const headers = { ...((options.isolated ?? true) && ISOLATION_HEADERS), ...options.headers }

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const url = request.url ?? '/'
    const notFound = (): void => {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(`not found: ${url}\n`)
    }
    const mount = mounts.find(({ prefix }) => url === prefix || url.startsWith(`${prefix}/`))
    if (mount === undefined) return notFound()
    request.url = url.slice(mount.prefix.length) || '/'
    mount.handle(request, response, notFound)
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port ?? 0, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done, fail) => {
        server.close((error) => (error === undefined ? done() : fail(error)))
        server.closeAllConnections()
      }),
  }
}

/** Called by sirv, whose own values give way to those that are set here. */
function setHeaders(
  response: { setHeader(name: string, value: string): unknown },
  path: string,
): void {
  // A tarball is the content itself; declared as an encoding, the browser would unpack it.
  if (path.endsWith('.gz')) {
    response.setHeader('Content-Encoding', 'identity')
    response.setHeader('Content-Type', 'application/gzip')
  } else if (path.endsWith('.data')) {
    response.setHeader('Content-Type', 'application/octet-stream')
  }
}
