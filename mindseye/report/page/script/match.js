// Whether a search finds something: one of its lines must have all words, numbers whole, others from their beginning.
const words = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

function matcher(search) {
  const wanted = words(search).map((word) => (/^\p{N}+$/u.test(word) ? (other) => other === word : (other) => other.startsWith(word)));
  return (lines) => !wanted.length || lines.some((line) => wanted.every((fits) => line.some(fits)));
}
