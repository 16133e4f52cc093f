selectors => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  // the browser itself resolves color-mix, transparency and colour spaces
  const paint = layers => {
    pen.clearRect(0, 0, 1, 1);
    for (const layer of layers) {
      pen.fillStyle = layer;
      pen.fillRect(0, 0, 1, 1);
    }
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.slice(0, 3).map(v => {
      const c = v / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.unshift(getComputedStyle(at).backgroundColor);
    }
    return ['white', ...layers];
  };
  const result = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const wanted = selectors.join(',');
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.closest(wanted) || !element.checkVisibility({ visibilityProperty: true })) {
      continue;
    }
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    // text for screen readers only is clipped away
    if (box.width <= 1 || box.height <= 1) {
      continue;
    }
    const below = grounds(element);
    const ground = luminance(paint(below));
    const ink = luminance(paint([...below, style.color]));
    const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    result.push({ text: node.textContent.trim().slice(0, 60), ratio, place: element.className || element.tagName });
  }
  return result;
}
