// The contract between an emitted object file and the runtime: plain C structs
// of constants, filled by the compiler's link stage and read by the runtime.
//
// Everything lives in one arena: parameters, states, batch, scalars,
// temporaries. A buffer is an offset in bytes from the arena's base; the
// compiler has planned all of them, so the runtime allocates the arena once and
// nothing in a step.
#ifndef OGEE_RUNTIME_ABI_H
#define OGEE_RUNTIME_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OGEE_ABI_VERSION 3
#define OGEE_ALIGNMENT 64 // bytes, of every buffer in the arena

typedef enum OgeeType {
  OGEE_BOOL = 0, // one byte
  OGEE_I32 = 1,
  OGEE_I64 = 2,
  OGEE_BF16 = 3,
  OGEE_F32 = 4,
  OGEE_F64 = 5,
} OgeeType;

// How an element gets its first value; a and b as in the comment.
typedef enum OgeeInit {
  OGEE_INIT_CONSTANT = 0,     // a
  OGEE_INIT_NORMAL = 1,       // mean a, standard deviation b
  OGEE_INIT_UNIFORM = 2,      // from a up to b
  OGEE_INIT_TRUNC_NORMAL = 3, // normal(a, b) cut at two standard deviations
  OGEE_INIT_TABLE = 4,        // the bytes at `table`, C order
} OgeeInit;

typedef enum OgeeClass {
  OGEE_PARAMETER = 0,   // trained; in checkpoints under its path
  OGEE_STATE = 1,       // the model's own state; in the same file
  OGEE_MOMENT = 2,      // state of an optimizer
  OGEE_ACCUMULATOR = 3, // sum of a gradient over parts of a batch; in no file
} OgeeClass;

typedef struct OgeeTensor {
  const char *path;
  const int64_t *shape;
  const void *table; // for OGEE_INIT_TABLE, else null
  double a, b;
  int64_t rank;
  int64_t elements;
  int64_t offset;    // in the arena, -1 where the entry does not hold it
  int32_t type;      // OgeeType
  int32_t init;      // OgeeInit
  int32_t kind;      // OgeeClass
  int32_t copied_in; // the phase at whose start `copied` is copied (again)
  // Where the first value comes from instead of `init`; null: from there. The
  // path of another tensor; or a safetensors file and the tensor's name in it.
  const char *copied, *file, *name_in_file;
} OgeeTensor;

// A value that an entry reads before its first launch or leaves after its last.
// Names of inputs: the fields of the data set (`tokens`, `targets`), and the
// scalars `step`, `steps`, `seed` and, of a batch in parts, `draw`, the number
// of the part from the start of the run, or of a batch of an evaluation (all
// i64). Names of outputs: `loss`,
// `norm`, `rate` (f32 or f64), `logits`, and what is declared `as metric`.
typedef struct OgeeSlot {
  const char *name;
  const int64_t *shape;
  int64_t rank;
  int64_t elements;
  int64_t offset;
  int32_t type;  // OgeeType
  int32_t bound; // an integer field's values lie in [0, bound); 0: undeclared
} OgeeSlot;

// Runs chunk `chunk` of a launch. `offsets` are arena offsets in bytes of the
// launch's operands, then results, then workspaces. `scratch` belongs to the
// calling thread, is OGEE_ALIGNMENT aligned and holds nothing between calls.
typedef void (*OgeeKernel)(uint8_t *arena, const int64_t *offsets,
                           int64_t chunk, uint8_t *scratch);

typedef struct OgeeLaunch {
  const char *name; // of the kernel
  OgeeKernel run;
  OgeeKernel
      finish; // run once, by the thread that ended the last chunk; or null
  const int64_t *offsets;
  const OgeeSlot *results; // for the search of the first non-finite tensor
  // Buffers that nothing reads after this launch: pairs of offset and bytes.
  const int64_t *dead;
  int64_t result_count, dead_count;
  int64_t chunks;
  int64_t flops, bytes; // as predicted
  int32_t joins; // 1: independent of the launch before it, no barrier between
  int32_t offset_count; // length of `offsets`
} OgeeLaunch;

typedef struct OgeeEntry {
  const char *name; // "accumulate", "step", "evaluate" or "sample" of a phase
  const OgeeLaunch *launches;
  const OgeeSlot *inputs;
  const OgeeSlot *outputs;
  int64_t launch_count, input_count, output_count;
  // Launches before this index leave every parameter and state as it was and
  // have written `loss`: where the runtime checks it. launch_count if none.
  int64_t first_update;
} OgeeEntry;

typedef enum OgeeOrder { OGEE_RANDOM = 0, OGEE_SEQUENTIAL = 1 } OgeeOrder;
typedef enum OgeeTokens {
  OGEE_TOKENS_NONE = 0,
  OGEE_TOKENS_BYTES = 1
} OgeeTokens;
typedef enum OgeeSource {
  OGEE_SOURCE_TEXT = 0, // windows of one file of tokens: fields tokens, targets
  // Records of a safetensors file: a field is the tensor of its name, whose
  // first dimension is the record.
  OGEE_SOURCE_ARRAYS = 1,
  // The entries draw their batches themselves, keyed by seed and step; those of
  // an evaluation by `draw`, the number of the batch in it.
  OGEE_SOURCE_EXAMPLES = 2,
} OgeeSource;

typedef struct OgeeData {
  const char *path; // the default of --data, or null
  double holdout;   // share of the tokens kept for evaluation, at the end
  int64_t window;   // tokens an example
  int32_t source;   // OgeeSource
  int32_t tokens;   // OgeeTokens
  int32_t order;    // OgeeOrder
  int32_t reserved;
} OgeeData;

// A stretch of training, from step `first` to that of the next one. Its entries
// are called by their names behind `prefix`, such as `phase1.step`.
typedef struct OgeePhase {
  const char *prefix;
  int64_t first;
  int64_t evaluate_every; // steps; 0: at the end only
  int64_t evaluate_most;  // examples of an evaluation; 0: all that are held out
} OgeePhase;

typedef struct OgeeProgram {
  const char *model;
  const char *target;    // the name given to --target
  const char *precision; // "f32", "f64" or "bf16"
  const OgeeTensor *tensors;
  const OgeeTensor *gradients; // with --with=gradients; paths of the parameters
  const OgeeEntry *entries;
  const char *const
      *features; // CPU features the code needs, as in /proc/cpuinfo
  const OgeePhase *phases;
  OgeeData data;
  int64_t version; // OGEE_ABI_VERSION
  int64_t tensor_count, gradient_count, entry_count, feature_count, phase_count;
  int64_t arena_bytes;
  int64_t
      persistent_bytes;  // the arena's first part: parameters, states, moments
  int64_t scratch_bytes; // per thread
  int64_t parameters;    // scalars trained
  int64_t batch, steps;
  // Parts of a batch. With more than one the entry `accumulate` takes a part
  // and adds its gradients to the accumulators, and `step` updates from these.
  int64_t accumulate;
  uint64_t seed;
} OgeeProgram;

// The one symbol that the compiler defines and the runtime's main reads.
extern const OgeeProgram ogee_program;

#ifdef __cplusplus
}
#endif

#endif // OGEE_RUNTIME_ABI_H
