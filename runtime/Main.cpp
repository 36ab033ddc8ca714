#include "runtime/Run.h"

int main(int count, char **arguments) {
  return ogee::runtime::run(ogee_program, count, arguments);
}
