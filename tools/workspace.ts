// The packages of this workspace as their package.json files describe them. Called by the build, the
// import rules and the package checks.

import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

export const ROOT: string = resolve(import.meta.dirname, '..')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  /** In the workspace, each entry is a source file. */
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface WorkspacePackage {
  /** The folder's name below packages/. */
  readonly folder: string
  readonly directory: string
  readonly manifest: Manifest
}

export async function workspacePackages(root: string = ROOT): Promise<WorkspacePackage[]> {
  const parent = join(root, 'packages')
  const entries = await readdir(parent, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    folders.toSorted().map(async (folder) => {
      const directory = join(parent, folder)
      const text = await readFile(join(directory, 'package.json'), 'utf8')
      return { folder, directory, manifest: JSON.parse(text) as Manifest }
    }),
  )
}

/** The packages that go to the registry. */
export async function publishablePackages(): Promise<WorkspacePackage[]> {
  return (await workspacePackages()).filter(({ manifest }) => manifest.private !== true)
}

/** Every file below a directory, as paths relative to it with forward slashes. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
}
