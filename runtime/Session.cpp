#include "runtime/Session.h"

#include <cmath>
#include <cstring>
#include <ctime>

namespace ogee::runtime {

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) * 1e-9;
}

const OgeeEntry *findEntry(const OgeeProgram &program, const char *name,
                           int64_t phase) {
  const char *prefix = program.phases[phase].prefix;
  size_t length = strlen(prefix);
  for (int64_t i = 0; i < program.entry_count; ++i)
    if (strncmp(program.entries[i].name, prefix, length) == 0 &&
        strcmp(program.entries[i].name + length, name) == 0)
      return &program.entries[i];
  return nullptr;
}

const OgeeSlot *findSlot(const OgeeSlot *slots, int64_t count,
                         const char *name) {
  for (int64_t i = 0; i < count; ++i)
    if (strcmp(slots[i].name, name) == 0)
      return &slots[i];
  return nullptr;
}

double readSlot(const OgeeSlot &slot, const uint8_t *arena) {
  const uint8_t *from = arena + slot.offset;
  if (slot.type == OGEE_F64)
    return *reinterpret_cast<const double *>(from);
  return *reinterpret_cast<const float *>(from);
}

double readOutput(const Session &session, const OgeeEntry &entry,
                  const char *name) {
  const OgeeSlot *slot = findSlot(entry.outputs, entry.output_count, name);
  return slot ? readSlot(*slot, session.arena) : __builtin_nan("");
}

const OgeeEntry *batchEntry(const OgeeProgram &program, int64_t phase) {
  const OgeeEntry *parts = findEntry(program, "accumulate", phase);
  return parts ? parts : findEntry(program, "step", phase);
}

void fillScalars(const Session &session, const OgeeEntry &entry, int64_t step,
                 int64_t draw) {
  const struct {
    const char *name;
    int64_t value;
  } scalars[] = {{"step", step},
                 {"steps", session.flags.steps},
                 {"draw", draw},
                 {"seed", static_cast<int64_t>(session.flags.seed)}};
  for (const auto &scalar : scalars) {
    const OgeeSlot *slot =
        findSlot(entry.inputs, entry.input_count, scalar.name);
    if (!slot)
      continue;
    uint8_t *to = session.arena + slot->offset;
    if (slot->type == OGEE_I64)
      *reinterpret_cast<int64_t *>(to) = scalar.value;
    else
      *reinterpret_cast<int32_t *>(to) = static_cast<int32_t>(scalar.value);
  }
}

static void runLaunch(void *context, int64_t task, int64_t chunk,
                      uint8_t *scratch) {
  auto *walkable = static_cast<const Walkable *>(context);
  const OgeeLaunch &launch = walkable->launches[walkable->first + task];
  launch.run(walkable->arena, launch.offsets, chunk, scratch);
}

static void finishLaunch(void *context, int64_t task, uint8_t *scratch) {
  auto *walkable = static_cast<const Walkable *>(context);
  const OgeeLaunch &launch = walkable->launches[walkable->first + task];
  if (launch.finish)
    launch.finish(walkable->arena, launch.offsets, launch.chunks, scratch);
  if (walkable->poison)
    poisonAfter(launch, walkable->arena);
}

static void profileLaunch(void *context, int64_t task, int64_t chunk,
                          uint8_t *scratch) {
  auto *walkable = static_cast<const Walkable *>(context);
  walkable->profile->run(walkable->first + task, chunk, walkable->arena,
                         scratch);
}

static void profileFinish(void *context, int64_t task, uint8_t *scratch) {
  auto *walkable = static_cast<const Walkable *>(context);
  walkable->profile->finish(walkable->first + task, walkable->arena, scratch);
}

/// Whether a launch is shorter than what it costs to share it.
static bool isSmall(const OgeeLaunch &launch) {
  constexpr int64_t kFlops = 50'000, kBytes = 64 << 10;
  bool predicted = launch.flops > 0 || launch.bytes > 0;
  return predicted && launch.flops < kFlops && launch.bytes < kBytes;
}

static void prepareWalk(Session &session, Walkable &walkable,
                        const OgeeEntry &entry, int64_t first, int64_t last) {
  walkable.launches = entry.launches;
  walkable.arena = session.arena;
  walkable.first = first;
  walkable.tasks.reset(0);
  for (int64_t i = first; i < last; ++i) {
    const OgeeLaunch &launch = entry.launches[i];
    // What a launch names dead may be read by those that run beside it.
    walkable.tasks.push({launch.chunks, launch.joins != 0 && !walkable.poison,
                         isSmall(launch)});
  }
  bool profiled = walkable.profile != nullptr;
  walkable.work =
      session.pool.add({walkable.tasks.begin(), last - first, &walkable,
                        profiled ? profileLaunch : runLaunch,
                        profiled ? profileFinish : finishLaunch});
}

static void prepareEntry(Session &session, Entry &entry, const char *name) {
  entry.entry = findEntry(session.program, name, session.phase);
  if (!entry.entry)
    return;
  const OgeeEntry &from = *entry.entry;
  entry.before.poison = entry.after.poison = session.flags.poison;
  prepareWalk(session, entry.before, from, 0, from.first_update);
  prepareWalk(session, entry.after, from, from.first_update, from.launch_count);
}

void enterPhase(Session &session, int64_t phase) {
  session.phase = phase;
  prepareEntry(session, session.accumulate, "accumulate");
  prepareEntry(session, session.step, "step");
  prepareEntry(session, session.evaluate, "evaluate");
  session.outputs.reset(batchEntry(session.program, phase)->output_count);
}

void prepare(Session &session) {
  const OgeeProgram &program = session.program;
  constexpr int64_t kPage = 4096; // no two threads share a page of scratch
  int64_t scratch = (program.scratch_bytes + kPage - 1) / kPage * kPage;
  int64_t arena = (program.arena_bytes + kPage - 1) / kPage * kPage;
  session.plannedBytes = arena + session.flags.threads * scratch;
  session.arena = mapPages(session.plannedBytes);
  if (!session.arena)
    fail(Exit::OutOfMemory,
         "the plan needs %ld bytes and the system has not "
         "got them",
         session.plannedBytes);
  PoolOptions options;
  options.threads = static_cast<int>(session.flags.threads);
  options.scratch = session.arena + arena;
  options.scratchBytes = scratch;
  options.shuffle = session.flags.shuffle ? session.flags.seed + 1 : 0;
  options.splitAll = session.flags.split;
  session.pool.start(options);
  if (session.flags.profile) {
    session.profile.start(*findEntry(program, "step"), options.scratch, scratch,
                          options.threads);
    session.step.before.profile = &session.profile;
    session.step.after.profile = &session.profile;
  }
  prepareEntry(session, session.sample, "sample");
  enterPhase(session, 0);
}

static void fillChunk(void *context, int64_t task, int64_t chunk, uint8_t *) {
  auto *filling = static_cast<Filling *>(context);
  const OgeeTensor &tensor = *filling->tensors[task];
  int64_t first = chunk * kFillChunk, last = first + kFillChunk;
  filling->filler.fill(tensor, filling->arena + tensor.offset, first,
                       last < tensor.elements ? last : tensor.elements);
}

void initialise(Session &session) {
  const OgeeProgram &program = session.program;
  Filling &filling = session.filling;
  filling.arena = session.arena;
  for (int64_t i = 0; i < program.tensor_count; ++i) {
    const OgeeTensor &tensor = program.tensors[i];
    bool loaded = session.flags.init && tensor.kind != OGEE_MOMENT;
    // The arena is zero already.
    bool zero = tensor.init == OGEE_INIT_CONSTANT && tensor.a == 0;
    if (loaded || zero || tensor.offset < 0 || tensor.copied || tensor.file)
      continue;
    filling.tensors.push(&tensor);
    int64_t chunks = (tensor.elements + kFillChunk - 1) / kFillChunk;
    filling.tasks.push({chunks, true, chunks < 2});
  }
  if (filling.tasks.size() > 0)
    session.pool.walk(
        session.pool.add({filling.tasks.begin(), filling.tasks.size(), &filling,
                          fillChunk, nullptr}));
  if (session.flags.init)
    loadTensors(session, session.flags.init);
  else
    loadSources(session);
  copyTensors(session);
}

} // namespace ogee::runtime
