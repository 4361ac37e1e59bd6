// What a browser is called where people read it.

const TITLES: Readonly<Record<string, string>> = {
  chromium: 'Chromium',
  firefox: 'Firefox',
  webkit: 'WebKitGTK (not Safari)',
  edge: 'Edge',
  safari: 'Safari',
}

export function browserTitle(name: string): string {
  return TITLES[name] ?? name
}
