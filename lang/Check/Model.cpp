#include "lang/Check/Model.h"
#include "lang/Parse/Ast.h"

using namespace ogee;

CheckedModel::~CheckedModel() = default;
