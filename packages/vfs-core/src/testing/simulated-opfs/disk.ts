// What a simulated OPFS keeps: files and directories, each with what is on storage and what the browser
// has taken since. A disk is live (one session works on it) or an image (a moment of it, for a crash).
//
// The two differ by what a crash takes. Bytes reach storage by a flush of their file. Names do not:
// the API has no flush for a directory, so a name is safe only once it has been there for the settling
// time, in which the operating system writes back what nobody asked it to.

import { EMPTY, LiveContent, type Change, type Content } from './content.ts'

export interface FileImage {
  readonly kind: 'file'
  /** On storage for certain. */
  readonly base: Content
  /** What has been done since, in order; the browser shows all of it. */
  readonly changes: readonly Change[]
  /** When it was last written, by the system's clock. */
  readonly modified: number
}

export interface DirectoryImage {
  readonly kind: 'directory'
  readonly base: ReadonlyMap<string, NodeImage>
  readonly events: readonly NameEvent<NodeImage>[]
}

export type NodeImage = FileImage | DirectoryImage

/** A name leads to `node` from `time` on, or to nothing. */
export interface NameEvent<Node> {
  readonly time: number
  readonly name: string
  readonly node: Node | undefined
}

export class FileNode {
  readonly kind = 'file'
  /** An open sync access handle locks the file, and so does a move or a removal under way. */
  locked = false
  /**
   * Bytes that count against the quota: what a handle gives up is only free once it is closed (seen in
   * Chromium 156).
   */
  held: number
  #modified: number
  #base: Content
  #changes: Change[]
  #live: LiveContent
  // A flush failed and its dirty bytes are gone, but the cache still shows them: whoever opens the
  // file next finds what is on storage.
  #cacheLies = false

  constructor(image: FileImage = { kind: 'file', base: EMPTY, changes: [], modified: Date.now() }) {
    this.#modified = image.modified
    this.#base = image.base
    this.#changes = [...image.changes]
    this.#live = new LiveContent(image.base, image.changes)
    this.held = this.#live.size
  }

  get modified(): number {
    return this.#modified
  }

  get live(): Content {
    return this.#live
  }

  opened(): void {
    if (!this.#cacheLies) return
    this.#live = new LiveContent(this.#base, this.#changes)
    this.#cacheLies = false
  }

  read(into: Uint8Array, at: number): number {
    return this.#live.read(into, at)
  }

  write(from: Uint8Array, at: number): void {
    this.#changes.push(this.#live.write(from, at))
    this.#modified = Date.now()
  }

  truncate(size: number): void {
    this.#changes.push(this.#live.truncate(size))
    this.#modified = Date.now()
  }

  flush(): void {
    if (this.#changes.length === 0) return
    // After a failed flush the clean part of the cache is not what storage holds.
    const stored = this.#cacheLies ? new LiveContent(this.#base, this.#changes) : this.#live
    this.#base = stored.freeze()
    this.#changes = []
  }

  /** A flush that fails and forgets what was dirty, as Linux does (fsync reports an error once). */
  loseChanges(): void {
    if (this.#changes.length === 0) return
    this.#changes = []
    this.#cacheLies = true
  }

  image(): FileImage {
    const changes = this.#changes.slice()
    return { kind: 'file', base: this.#base, changes, modified: this.#modified }
  }
}

export class DirectoryNode {
  readonly kind = 'directory'
  readonly entries: Map<string, Node>
  readonly #base: Map<string, Node>
  readonly #events: NameEvent<Node>[]

  constructor(base: Map<string, Node> = new Map(), events: readonly NameEvent<Node>[] = []) {
    this.#base = base
    this.#events = [...events]
    this.entries = new Map(base)
    for (const { name, node } of events) this.#show(name, node)
  }

  set(name: string, node: Node | undefined, time: number): void {
    this.#events.push({ time, name, node })
    this.#show(name, node)
  }

  image(imageOf: (node: Node) => NodeImage): DirectoryImage {
    const base = new Map<string, NodeImage>()
    for (const [name, node] of this.#base) base.set(name, imageOf(node))
    const events = this.#events.map(({ time, name, node }) => ({
      time,
      name,
      node: node && imageOf(node),
    }))
    return { kind: 'directory', base, events }
  }

  #show(name: string, node: Node | undefined): void {
    if (node === undefined) this.entries.delete(name)
    else this.entries.set(name, node)
  }
}

export type Node = FileNode | DirectoryNode

/** The present moment below `root`. Live nodes go on; the image stays. */
export function takeImage(root: DirectoryNode): DirectoryImage {
  const made = new Map<Node, NodeImage>()
  const imageOf = (node: Node): NodeImage => {
    let image = made.get(node)
    if (image === undefined) {
      image = node.kind === 'file' ? node.image() : node.image(imageOf)
      made.set(node, image)
    }
    return image
  }
  return imageOf(root) as DirectoryImage
}

/** A live disk that shows what the image shows: also what happens to it when only the browser dies. */
export function fromImage(root: DirectoryImage): DirectoryNode {
  const made = new Map<NodeImage, Node>()
  const nodeOf = (image: NodeImage): Node => {
    let node = made.get(image)
    if (node === undefined) {
      node = image.kind === 'file' ? new FileNode(image) : directoryOf(image, nodeOf)
      made.set(image, node)
    }
    return node
  }
  return nodeOf(root) as DirectoryNode
}

function directoryOf(image: DirectoryImage, nodeOf: (image: NodeImage) => Node): DirectoryNode {
  const base = new Map<string, Node>()
  for (const [name, node] of image.base) base.set(name, nodeOf(node))
  const events = image.events.map(({ time, name, node }) => ({
    time,
    name,
    node: node && nodeOf(node),
  }))
  return new DirectoryNode(base, events)
}
