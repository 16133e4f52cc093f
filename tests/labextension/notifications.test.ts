import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headline } from '../../labextension/src/notifications/headline';

test('a notification begins with whole sentences, or whole words, and JupyterLab cuts none', () => {
  const short = 'Your kernels were ended.';
  const long = `${short} Personal workspace takes 1.1 GB of the disk and may hold 1 GB. Delete files under personal/ in the file browser, where nothing else does.`;
  assert.equal(headline(short), short);
  assert.equal(headline('x'.repeat(140)), 'x'.repeat(140));
  assert.equal(headline(long), `${short} Personal workspace takes 1.1 GB of the disk and may hold 1 GB.`);
  const words = headline(`${short} ${'much '.repeat(60)}`);
  assert.ok(words.startsWith(`${short} much`) && words.endsWith('much…'), words);
  for (const text of [long, `${'word '.repeat(80)}.`, 'x'.repeat(500)]) {
    assert.ok(headline(text).length <= 140 && headline(text).length >= 70, headline(text));
  }
});
