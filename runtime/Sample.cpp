// Text from the model: one whole forward pass a token, over a window that
// slides when it is full.
#include "runtime/Math.h"
#include "runtime/Random.h"
#include "runtime/Session.h"

#include <cstring>
#include <unistd.h>

namespace ogee::runtime {

static constexpr double kTemperature = 0.8;

namespace {
struct Logits {
  const uint8_t *data;
  bool wide; // f64

  double operator[](int64_t index) const {
    return wide ? reinterpret_cast<const double *>(data)[index]
                : reinterpret_cast<const float *>(data)[index];
  }
};
} // namespace

/// A draw from softmax(logits / temperature), by a uniform number in [0, 1).
static int32_t drawToken(const Logits &logits, int64_t count, double uniform) {
  double most = logits[0], total = 0;
  for (int64_t i = 1; i < count; ++i)
    most = logits[i] > most ? logits[i] : most;
  constexpr double kLeast = -700; // below, the weight is 0 in any sum
  auto weight = [&](int64_t i) {
    double x = (logits[i] - most) / kTemperature;
    return x > kLeast ? expOf(x) : 0;
  };
  for (int64_t i = 0; i < count; ++i)
    total += weight(i);
  if (!(total - total == 0))
    fail(Exit::NonFinite, "the logits of the sample are not finite");
  double left = uniform * total;
  int32_t last = 0;
  for (int64_t i = 0; i < count; ++i) {
    double share = weight(i);
    if (share == 0)
      continue;
    last = static_cast<int32_t>(i);
    left -= share;
    if (left < 0)
      break;
  }
  return last;
}

/// The prompt's last tokens, as many as the window holds; returns their number.
static int64_t takePrompt(const Session &session, const OgeeSlot &slot,
                          int32_t *window, int64_t room) {
  const char *text = *session.flags.sample ? session.flags.sample : "\n";
  int64_t length = static_cast<int64_t>(strlen(text));
  for (int64_t i = 0; i < length; ++i)
    if (slot.bound > 0 && static_cast<uint8_t>(text[i]) >= slot.bound)
      fail(Exit::BadData, "token %d of the text to continue is outside int(%d)",
           static_cast<uint8_t>(text[i]), slot.bound);
  int64_t skip = length > room ? length - room : 0;
  for (int64_t i = skip; i < length; ++i)
    window[i - skip] = static_cast<uint8_t>(text[i]);
  writeAll(STDOUT_FILENO, text, length);
  return length - skip;
}

void printSample(Session &session) {
  if (!session.sample.entry)
    fail(Exit::Usage, "`--sample`: this model does not predict tokens");
  const OgeeEntry &entry = *session.sample.entry;
  const OgeeSlot *input = findSlot(entry.inputs, entry.input_count, "tokens");
  const OgeeSlot *output =
      findSlot(entry.outputs, entry.output_count, "logits");
  if (!input || !output || output->rank < 1)
    fail(Exit::Internal, "the entry `sample` lacks tokens or logits");
  int64_t room = input->elements;
  int64_t words = output->shape[output->rank - 1];
  int64_t width = output->type == OGEE_F64 ? 8 : 4;
  Array<int32_t> window;
  window.reset(room);
  int64_t used = takePrompt(session, *input, window.begin(), room);
  uint64_t key = keyOf(session.flags.seed, "sample");
  for (int64_t position = 0; position < room; ++position) {
    if (session.flags.poison)
      poisonBefore(session.program, session.arena);
    memcpy(session.arena + input->offset, window.begin(), room * 4);
    fillScalars(session, entry, session.flags.steps, 0);
    runEntry(session, session.sample);
    Logits row = {session.arena + output->offset + (used - 1) * words * width,
                  width == 8};
    constexpr int64_t kUnits = int64_t(1) << 53;
    double uniform = 0x1p-53 * below(philox(key, position, 0), kUnits);
    int32_t token = drawToken(row, words, uniform);
    if (used == room)
      memmove(window.begin(), window.begin() + 1, (--used) * 4);
    window[used++] = token;
    char byte = static_cast<char>(token);
    writeAll(STDOUT_FILENO, &byte, 1);
  }
  writeAll(STDOUT_FILENO, "\n", 1);
}

} // namespace ogee::runtime
