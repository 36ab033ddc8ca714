#include "lib/Plan/Assign.h"

#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace ogee::plan;

namespace {
using Order = llvm::SmallVector<int64_t>;
using Offsets = llvm::SmallVector<int64_t>;

struct Assignment {
  Offsets offsets;
  int64_t end = 0;
};
} // namespace

static bool overlaps(const Buffer &a, const Buffer &b) {
  return a.begin <= b.end && b.begin <= a.end;
}

/// The smallest gap that fits among the placed buffers which live at the same
/// time; the end of the last one if there is none.
static int64_t bestGap(const Buffer &buffer, int64_t base,
                       llvm::ArrayRef<std::pair<int64_t, int64_t>> taken) {
  int64_t cursor = base, best = -1, bestSlack = 0;
  for (auto [begin, end] : taken) {
    int64_t slack = begin - cursor - aligned(buffer.bytes);
    if (slack >= 0 && (best < 0 || slack < bestSlack)) {
      best = cursor;
      bestSlack = slack;
    }
    cursor = std::max(cursor, end);
  }
  return best < 0 ? cursor : best;
}

static Assignment place(llvm::ArrayRef<Buffer> buffers,
                        llvm::ArrayRef<int64_t> order, int64_t base) {
  Assignment result{Offsets(buffers.size(), -1), base};
  llvm::SmallVector<int64_t> placed;
  for (int64_t index : order) {
    llvm::SmallVector<std::pair<int64_t, int64_t>> taken;
    for (int64_t other : placed)
      if (overlaps(buffers[index], buffers[other]))
        taken.push_back(
            {result.offsets[other],
             result.offsets[other] + aligned(buffers[other].bytes)});
    llvm::sort(taken);
    int64_t offset = bestGap(buffers[index], base, taken);
    result.offsets[index] = offset;
    result.end = std::max(result.end, offset + aligned(buffers[index].bytes));
    placed.push_back(index);
  }
  return result;
}

static Order openBuffers(llvm::ArrayRef<Buffer> buffers) {
  Order order;
  for (auto [index, buffer] : llvm::enumerate(buffers))
    if (!buffer.offset)
      order.push_back(index);
  return order;
}

int64_t ogee::plan::largestLiveSum(llvm::ArrayRef<Buffer> buffers) {
  std::map<int64_t, int64_t> change;
  for (const Buffer &buffer : buffers) {
    if (buffer.persistent)
      continue;
    change[buffer.begin] += aligned(buffer.bytes);
    change[buffer.end + 1] -= aligned(buffer.bytes);
  }
  int64_t live = 0, largest = 0;
  for (auto [phase, bytes] : change)
    largest = std::max(largest, live += bytes);
  return largest;
}

int64_t ogee::plan::assignOffsets(llvm::MutableArrayRef<Buffer> buffers,
                                  int64_t base) {
  auto span = [&](int64_t i) { return buffers[i].end - buffers[i].begin + 1; };
  auto bySize = [&](int64_t a, int64_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  };
  auto byArea = [&](int64_t a, int64_t b) {
    return double(buffers[a].bytes) * span(a) >
           double(buffers[b].bytes) * span(b);
  };
  auto bySpan = [&](int64_t a, int64_t b) { return span(a) > span(b); };
  auto byBirth = [&](int64_t a, int64_t b) {
    return buffers[a].begin < buffers[b].begin;
  };
  Assignment best;
  auto attempt = [&](auto compare) {
    Order order = openBuffers(buffers);
    llvm::sort(order, [&](int64_t a, int64_t b) {
      bool less = compare(a, b), greater = compare(b, a);
      return less != greater ? less : a < b;
    });
    Assignment assignment = place(buffers, order, base);
    if (best.offsets.empty() || assignment.end < best.end)
      best = std::move(assignment);
  };
  attempt(bySize);
  attempt(byArea);
  attempt(bySpan);
  attempt(byBirth);
  for (auto [buffer, offset] : llvm::zip_equal(buffers, best.offsets))
    if (!buffer.offset)
      buffer.offset = offset;
  return std::max(best.end, base);
}
