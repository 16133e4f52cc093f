import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeTooltip } from '../../labextension/src/components/tooltip';

const MARGIN = 8;

test('a tooltip lies inside the window wherever its button is', () => {
  for (const room of [
    { width: 1024, height: 700 },
    { width: 1440, height: 900 },
    { width: 320, height: 256 }
  ]) {
    for (const tip of [
      { width: 120, height: 31 },
      { width: Math.min(280, room.width - 2 * MARGIN), height: 140 }
    ]) {
      for (let left = -60; left < room.width + 60; left += 20) {
        for (let top = -60; top < room.height + 60; top += 20) {
          const place = placeTooltip({ left, top, bottom: top + 26 }, tip, room);
          const at = `button ${left},${top}, tip ${tip.width}×${tip.height}, window ${room.width}×${room.height}`;
          assert.ok(place.left >= MARGIN && place.left + tip.width <= room.width - MARGIN, at);
          assert.ok(place.top >= MARGIN && place.top + tip.height <= room.height - MARGIN, at);
        }
      }
    }
  }
});

test('a tooltip covers its button at neither edge of the window', () => {
  const room = { width: 1024, height: 700 };
  const tip = { width: 280, height: 66 };
  assert.deepEqual(placeTooltip({ left: 58, top: 20, bottom: 46 }, tip, room), { left: 58, top: 50 });
  assert.deepEqual(placeTooltip({ left: 58, top: 650, bottom: 676 }, tip, room), { left: 58, top: 580 });
  assert.equal(placeTooltip({ left: 900, top: 300, bottom: 326 }, tip, room).left, 1024 - 280 - MARGIN);
});
