import { expect, test } from 'vitest'
import { EventQueue } from './queue.ts'

test('events wait for whoever asks, in order', async () => {
  const queue = new EventQueue<number>()
  queue.push(1)
  queue.push(2)
  expect(await queue.shift()).toBe(1)
  expect(await queue.shift()).toBe(2)
})

test('whoever asks waits for an event', async () => {
  const queue = new EventQueue<number>()
  const next = queue.shift()
  queue.push(3)
  queue.push(4)
  expect(await next).toBe(3)
  expect(await queue.shift()).toBe(4)
})

test('two cannot wait at once', async () => {
  const queue = new EventQueue<number>()
  const next = queue.shift()
  expect(() => queue.shift()).toThrow(TypeError)
  queue.push(5)
  expect(await next).toBe(5)
})
