#include "runtime/Log.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>

namespace ogee::runtime {

Number jsonNumber(double value) {
  Number number;
  bool finite = value - value == 0;
  snprintf(number.text, sizeof number.text, finite ? "%.17g" : "null", value);
  return number;
}

void Log::line(const char *text, int size) {
  if (file >= 0 && !writeAll(file, text, size))
    fail(Exit::Internal, "cannot write log `%s`: %s", path, strerror(errno));
}

void Log::open(const OgeeProgram &program, const Flags &flags) {
  path = flags.log;
  if (!path)
    return;
  file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    fail(Exit::Usage, "cannot write log `%s`: %s", path, strerror(errno));
  char text[1024];
  int size = snprintf(
      text, sizeof text,
      "{\"format\": \"ogee.log\", \"version\": 1, \"model\": \"%s\", "
      "\"seed\": %lu, \"threads\": %ld, \"target\": \"%s\", "
      "\"precision\": \"%s\", \"parameters\": %ld, \"batch\": %ld, "
      "\"steps\": %ld}\n",
      program.model, flags.seed, flags.threads, program.target,
      program.precision, program.parameters, program.batch, flags.steps);
  line(text, size);
}

/// What every step has is no metric, and logits are no scalar.
static bool isMetric(const OgeeSlot &slot) {
  const char *always[] = {"loss", "norm", "rate"};
  for (const char *name : always)
    if (!strcmp(slot.name, name))
      return false;
  bool isFloat = slot.type == OGEE_F32 || slot.type == OGEE_F64;
  return isFloat && slot.elements == 1 && !strchr(slot.name, ':');
}

void Log::step(const StepResult &result, const OgeeEntry &entry,
               const double *outputs) {
  if (file < 0)
    return;
  char text[4096];
  int size = snprintf(
      text, sizeof text,
      "{\"step\": %ld, \"loss\": %s, \"rate\": %s, \"norm\": %s, "
      "\"seconds\": %s",
      result.step, jsonNumber(result.loss).text, jsonNumber(result.rate).text,
      jsonNumber(result.norm).text, jsonNumber(result.seconds).text);
  for (int64_t i = 0; i < entry.output_count; ++i) {
    const OgeeSlot &slot = entry.outputs[i];
    // What does not fit is left out: a line is one write.
    bool fits = strlen(slot.name) + sizeof(Number) + 16 < sizeof text - size;
    if (isMetric(slot) && fits)
      size += snprintf(text + size, sizeof text - size, ", \"%s\": %s",
                       slot.name, jsonNumber(outputs[i]).text);
  }
  size += snprintf(text + size, sizeof text - size, "}\n");
  line(text, size);
}

void Log::evaluation(int64_t step, double loss, int64_t tokens) {
  char text[256];
  int size = snprintf(text, sizeof text,
                      "{\"step\": %ld, \"eval_loss\": %s, \"tokens\": %ld}\n",
                      step, jsonNumber(loss).text, tokens);
  line(text, size);
}

} // namespace ogee::runtime
