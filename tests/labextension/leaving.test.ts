import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isElsewhere } from '../../labextension/src/leaving';

const here = 'http://127.0.0.1:8888';

test('addresses of the same origin are here, all others elsewhere', () => {
  for (const address of ['/researcher/lab', `${here}/x#y`, 'relative', '']) {
    assert.equal(isElsewhere(address, here), false, address);
  }
  for (const address of [
    'http://127.0.0.1:8889/',
    '//elsewhere.example',
    'https://127.0.0.1:8888',
    'data:text/html,x',
    'javascript:1'
  ]) {
    assert.equal(isElsewhere(address, here), true, address);
  }
});
