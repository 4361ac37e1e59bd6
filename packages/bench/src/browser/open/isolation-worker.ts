// Where a server cannot be told to send the headers of cross-origin isolation, this service worker adds
// them to what it fetches. Registered by isolation.ts, as a classic script: bundled, it imports nothing.

import { ISOLATION_HEADERS } from '../../open/headers.ts'

const scope = globalThis as unknown as ServiceWorkerGlobalScope

scope.addEventListener('install', () => void scope.skipWaiting())
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
scope.addEventListener('fetch', (event) => {
  if (new URL(event.request.url).origin === location.origin) {
    event.respondWith(isolated(event.request))
  }
})

async function isolated(request: Request): Promise<Response> {
  const response = await fetch(request)
  // One that redirects or failed has no body to pass on.
  if (response.status === 0 || response.type === 'opaqueredirect') return response
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(ISOLATION_HEADERS)) headers.set(name, value)
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}
