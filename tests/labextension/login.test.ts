import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../labextension/src/api/error';
import { asksAfterKernel, whyOver } from '../../labextension/src/login/over';

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

test('only a log-in that is over is told, and the answer can still be read', async () => {
  for (const code of ['session_ended', 'not_logged_in']) {
    const response = answer(403, { code, message: 'You have logged out.' });
    assert.equal(await whyOver(response), 'You have logged out.');
    assert.equal(((await response.json()) as { code: string }).code, code);
  }
  for (const [status, body] of [
    [403, { code: 'wrong_role', message: 'Only a checker' }],
    [403, 'no object'],
    [401, { code: 'session_ended', message: 'x' }],
    [200, { code: 'session_ended', message: 'x' }]
  ] as const) {
    assert.equal(await whyOver(answer(status, body)), null);
  }
  assert.equal(await whyOver(new Response('<html>', { status: 403 })), null);
});

test('only a refusal for want of a log-in ends with a new one', () => {
  const isOver = (status: number, code: string): boolean =>
    new GatewayError({ kind: 'Refused', code, status, message: 'x' }).isLoginOver;
  assert.equal(isOver(403, 'session_ended'), true);
  assert.equal(isOver(403, 'not_logged_in'), true);
  assert.equal(isOver(403, 'wrong_role'), false);
  assert.equal(isOver(200, 'session_ended'), false);
});

test('only how one kernel is counts as asking after it', () => {
  const base = 'http://127.0.0.1:8888/researcher/';
  const kernel = `${base}api/kernels/4a3e3b0c-0000-4000-8000-1d2c3b4a5f60`;
  assert.equal(asksAfterKernel(new Request(`${kernel}?1763836000000`)), true);
  for (const [url, method] of [
    [kernel, 'DELETE'],
    [`${kernel}/restart`, 'POST'],
    [`${base}api/kernels`, 'GET'],
    [`${base}api/contents/api/kernels/x/y`, 'GET']
  ] as const) {
    assert.equal(asksAfterKernel(new Request(url, { method })), false, url);
  }
});
