// --init, --save and --gradients: the program's tensors as files. A file is
// compared with the whole program before anything is read into the arena.
#include "runtime/Convert.h"
#include "runtime/Fill.h"
#include "runtime/Safetensors.h"
#include "runtime/Session.h"

#include <cstdio>
#include <cstring>

namespace ogee::runtime {

/// Parameters and the model's state, averages among it.
static bool isInFile(const OgeeTensor &tensor) {
  bool isKept = tensor.kind == OGEE_PARAMETER || tensor.kind == OGEE_STATE;
  return isKept && tensor.offset >= 0;
}

namespace {
struct ShapeText {
  char text[256];

  ShapeText(const int64_t *shape, int64_t rank) {
    size_t used = snprintf(text, sizeof text, "[");
    for (int64_t d = 0; d < rank && used < sizeof text; ++d)
      used += snprintf(text + used, sizeof text - used, "%s%ld", d ? ", " : "",
                       shape[d]);
    if (used < sizeof text)
      snprintf(text + used, sizeof text - used, "]");
  }
};
} // namespace

/// `name` is that of `tensor` in the file.
static void checkTensor(const char *path, const OgeeTensor &tensor,
                        const char *name, const FileTensor *found) {
  ShapeText wanted(tensor.shape, tensor.rank);
  if (!found)
    fail(Exit::Refused, "`%s` lacks tensor `%s` %s", path, name, wanted.text);
  bool same = found->rank == tensor.rank;
  for (int64_t d = 0; same && d < tensor.rank; ++d)
    same = found->shape[d] == tensor.shape[d];
  if (!same)
    fail(Exit::Refused, "tensor `%s` is %s in `%s`, the model has %s", name,
         ShapeText(found->shape, found->rank).text, path, wanted.text);
  int32_t type = typeOfDtype(found->dtype);
  if (type != tensor.type && !(isFloat(type) && isFloat(tensor.type)))
    fail(Exit::Refused, "tensor `%s` is %s in `%s`, the model has %s", name,
         found->dtype, path, dtypeOf(tensor.type));
}

static const OgeeTensor *findTensor(const OgeeProgram &program,
                                    const char *name) {
  for (int64_t i = 0; i < program.tensor_count; ++i)
    if (isInFile(program.tensors[i]) &&
        strcmp(program.tensors[i].path, name) == 0)
      return &program.tensors[i];
  return nullptr;
}

/// Reads a tensor in pieces, so that no second copy of it is ever resident.
static bool loadTensor(const SafetensorsFile &file, const FileTensor &from,
                       const OgeeTensor &tensor, uint8_t *to,
                       Message &message) {
  int32_t type = typeOfDtype(from.dtype);
  if (type == tensor.type)
    return file.read(from, 0, to, from.end - from.begin, message);
  constexpr int64_t kPiece = 2048; // elements
  alignas(8) uint8_t piece[kPiece * 8];
  int64_t width = bytesOf(type);
  for (int64_t first = 0; first < from.elements; first += kPiece) {
    int64_t count =
        first + kPiece < from.elements ? kPiece : from.elements - first;
    if (!file.read(from, first * width, piece, count * width, message))
      return false;
    for (int64_t i = 0; i < count; ++i)
      writeElement(to, tensor.type, first + i, readElement(piece, type, i));
  }
  return true;
}

static void load(Session &session, const SafetensorsFile &file,
                 const FileTensor &from, const OgeeTensor &tensor) {
  Message message;
  if (!loadTensor(file, from, tensor, session.arena + tensor.offset, message))
    fail(Exit::Refused, "%s", message.text);
}

void loadSources(Session &session) {
  const OgeeProgram &program = session.program;
  for (int64_t i = 0; i < program.tensor_count; ++i) {
    const OgeeTensor &tensor = program.tensors[i];
    if (!tensor.file || tensor.offset < 0)
      continue;
    // Neighbours in the table come from one file.
    SafetensorsFile file;
    Message message;
    if (!file.open(tensor.file, message))
      fail(Exit::Refused, "%s", message.text);
    for (; i < program.tensor_count && program.tensors[i].file &&
           strcmp(program.tensors[i].file, tensor.file) == 0;
         ++i) {
      const OgeeTensor &next = program.tensors[i];
      const FileTensor *found = file.find(next.name_in_file);
      checkTensor(tensor.file, next, next.name_in_file, found);
      load(session, file, *found, next);
    }
    --i;
  }
}

static void copyTensor(Session &session, const OgeeTensor &tensor) {
  const OgeeTensor *source = findTensor(session.program, tensor.copied);
  if (!source)
    fail(Exit::Internal, "`%s` starts as `%s`, which is not there", tensor.path,
         tensor.copied);
  memcpy(session.arena + tensor.offset, session.arena + source->offset,
         tensor.elements * bytesOf(tensor.type));
}

void copyTensors(Session &session) {
  const OgeeProgram &program = session.program;
  for (int64_t i = 0; i < program.tensor_count; ++i) {
    const OgeeTensor &tensor = program.tensors[i];
    bool isGiven = session.fromInit.size() > 0 && session.fromInit[i];
    if (!tensor.copied || tensor.offset < 0 || isGiven)
      continue;
    copyTensor(session, tensor);
  }
}

void copyTensorsOf(Session &session, int64_t phase) {
  const OgeeProgram &program = session.program;
  for (int64_t i = 0; i < program.tensor_count; ++i) {
    const OgeeTensor &tensor = program.tensors[i];
    bool isOfPhase = tensor.copied && tensor.copied_in == phase;
    if (isOfPhase && tensor.offset >= 0)
      copyTensor(session, tensor);
  }
}

void loadTensors(Session &session, const char *path) {
  const OgeeProgram &program = session.program;
  SafetensorsFile file;
  Message message;
  if (!file.open(path, message))
    fail(Exit::Refused, "%s", message.text);
  session.fromInit.reset(program.tensor_count);
  for (int64_t i = 0; i < program.tensor_count; ++i) {
    const OgeeTensor &tensor = program.tensors[i];
    const FileTensor *found = file.find(tensor.path);
    session.fromInit[i] = isInFile(tensor) && (found || !tensor.copied);
    if (session.fromInit[i])
      checkTensor(path, tensor, tensor.path, found);
  }
  for (const FileTensor &found : file.tensors())
    if (!findTensor(program, found.name))
      fail(Exit::Refused, "the model has no tensor `%s` %s of `%s`", found.name,
           ShapeText(found.shape, found.rank).text, path);
  for (int64_t i = 0; i < program.tensor_count; ++i)
    if (session.fromInit[i])
      load(session, file, *file.find(program.tensors[i].path),
           program.tensors[i]);
}

static void saveAll(const Session &session, const OgeeTensor *tensors,
                    int64_t count, const char *path) {
  Array<NamedTensor> named;
  for (int64_t i = 0; i < count; ++i) {
    const OgeeTensor &tensor = tensors[i];
    if (isInFile(tensor))
      named.push({tensor.path, tensor.shape, tensor.rank, tensor.elements,
                  tensor.type, session.arena + tensor.offset});
  }
  Message message;
  if (!writeSafetensors(path, named, message))
    fail(Exit::Refused, "%s", message.text);
}

void saveTensors(const Session &session, const char *path) {
  saveAll(session, session.program.tensors, session.program.tensor_count, path);
}

void saveGradients(const Session &session, const char *path) {
  saveAll(session, session.program.gradients, session.program.gradient_count,
          path);
}

} // namespace ogee::runtime
