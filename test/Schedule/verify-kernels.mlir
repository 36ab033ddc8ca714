// RUN: ogee-opt %s --ogee-verify-kernels --split-input-file --verify-diagnostics

#id = affine_map<(a, b) -> (a, b)>

// A row kernel's values have its box, or the box without the row.

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<8x4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %e = tensor.empty() : tensor<4x8xf32>
  %s = nn.logsumexp %x over [1] : tensor<4x8xf32> -> tensor<4xf32>
  %t = tensor.empty() : tensor<8x4xf32>
  // expected-error@+1 {{has a result that is not in the kernel's box}}
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4xf32>) outs(%t : tensor<8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<8x4xf32>
  kernel.yield %y : tensor<8x4xf32>
}

// -----

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 2 : i64} {
  // expected-error@+1 {{is not complete in a chunk}}
  %s = nn.logsumexp %x over [1] : tensor<4x8xf32> -> tensor<4xf32>
  kernel.yield %s : tensor<4xf32>
}

// -----

#id = affine_map<(a, b) -> (a, b)>

kernel.func @k(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 4>, row = 1 : i64} {
  %e = tensor.empty() : tensor<4x4xf32>
  %s = nn.logsumexp %x over [1] : tensor<4x4xf32> -> tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x4xf32>
  // expected-error@+1 {{reads a value of the box at another place}}
  %t = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b, a)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x4xf32>
  kernel.yield %t : tensor<4x4xf32>
}

// -----

// The finish region runs after the last chunk.

#id = affine_map<(a, b) -> (a, b)>

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %e = tensor.empty() : tensor<4x8xf32>
  %z = arith.constant 0.0 : f32
  %c = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%z : f32) outs(%c : tensor<8xf32>) -> tensor<8xf32>
  %s = nn.logsumexp %x over [1] : tensor<4x8xf32> -> tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x8xf32>
  %p = linalg.generic {indexing_maps = [#id, affine_map<(a, b) -> (b)>], iterator_types = ["reduction", "parallel"]}
      ins(%y : tensor<4x8xf32>) outs(%f : tensor<8xf32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  // expected-error@+1 {{reads values of the box after the last chunk}}
  %q = linalg.generic {indexing_maps = [#id, affine_map<(a, b) -> (b)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %p : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  kernel.yield %q : tensor<4x8xf32>
}

// -----

kernel.func @k(%i: tensor<4xi32>, %x: tensor<4x3xf32>) -> tensor<9x3xf32> attributes {family = #kernel.family<move>} {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<9x3xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<9x3xf32>) -> tensor<9x3xf32>
  %g = tensor.empty() : tensor<4x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x3xf32>) outs(%g : tensor<4x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x3xf32>
  // expected-error@+1 {{reads values that are not in memory}}
  %s = nn.scatter_add %f[%i], %y : tensor<9x3xf32>, tensor<4xi32>, tensor<4x3xf32> -> tensor<9x3xf32>
  kernel.yield %s : tensor<9x3xf32>
}

// -----

// expected-error@+1 {{has operations of another family}}
kernel.func @k(%x: tensor<4x8xf32>) -> tensor<4xf32> attributes {family = #kernel.family<contraction>} {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a) -> (a, 0)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  kernel.yield %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{has no box}}
kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>} {
  kernel.yield %x : tensor<4xf32>
}

// -----

// What a row kernel stores is its box, or a value a row.

// expected-error@+1 {{stores a value that its chunks do not reach}}
kernel.func @k(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %s = nn.logsumexp %x over [1] : tensor<4x8xf32> -> tensor<4xf32>
  %e = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%b : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  kernel.yield %s, %y : tensor<4xf32>, tensor<8xf32>
}

// -----

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  // expected-error@+1 {{starts from another value than the neutral one}}
  %s = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%f : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  kernel.yield %s : tensor<4xf32>
}

// -----

// A partial of a row kernel keeps the row or nothing.

kernel.func @k(%x: tensor<4x2x8xf32>) -> tensor<2x8xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 2, 8>, row = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x8xf32>) -> tensor<2x8xf32>
  // expected-error@+1 {{sums other values than its family can}}
  %s = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (b, c)>], iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x : tensor<4x2x8xf32>) outs(%f : tensor<2x8xf32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<2x8xf32>
  kernel.yield %s : tensor<2x8xf32>
}

// -----

// A list is element-wise.

kernel.func @k(%x: tensor<?xf32>) -> tensor<f32> attributes {family = #kernel.family<row>, list} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  // expected-error@+1 {{cannot be a partial}}
  %s = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<?xf32>) outs(%f : tensor<f32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  kernel.yield %s : tensor<f32>
}

// -----

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<4x2xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %e = tensor.empty() : tensor<4x8xf32>
  %s = nn.logsumexp %x over [1] : tensor<4x8xf32> -> tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x8xf32>
  // expected-error@+1 {{cuts what the kernel makes}}
  %c = tensor.extract_slice %y[0, 0] [4, 2] [1, 1] : tensor<4x8xf32> to tensor<4x2xf32>
  kernel.yield %c : tensor<4x2xf32>
}

// -----

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<5x8xf32> attributes {family = #kernel.family<row>, box = array<i64: 5, 8>, row = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  // expected-error@+1 {{has no place in a kernel of this family}}
  %p = tensor.pad %x low[1, 0] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<4x8xf32> to tensor<5x8xf32>
  kernel.yield %p : tensor<5x8xf32>
}

// -----

// An argument that is inserted into is copied by a move alone.

kernel.func @k(%x: tensor<4x8xf32>, %y: tensor<6x8xf32>) -> tensor<6x8xf32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  // expected-error@+1 {{inserts into what is not empty}}
  %j = tensor.insert_slice %x into %y[1, 0] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<6x8xf32>
  kernel.yield %j : tensor<6x8xf32>
}

// -----

// Chunks store parts in no order.

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<6x8xf32> attributes {family = #kernel.family<move>} {
  %e = tensor.empty() : tensor<6x8xf32>
  %i = tensor.insert_slice %x into %e[0, 0] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<6x8xf32>
  // expected-error@+1 {{writes over what is inserted before}}
  %j = tensor.insert_slice %x into %i[2, 0] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<6x8xf32>
  kernel.yield %j : tensor<6x8xf32>
}

// -----

// Partials of a move go over one box.

kernel.func @k(%x: tensor<8xf32>, %y: tensor<9xf32>) -> (tensor<8xf32>, tensor<f32>, tensor<f32>) attributes {family = #kernel.family<move>} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %s = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%f : tensor<f32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  // expected-error@+1 {{sums other values than its family can}}
  %t = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> ()>], iterator_types = ["reduction"]}
      ins(%y : tensor<9xf32>) outs(%f : tensor<f32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  kernel.yield %x, %s, %t : tensor<8xf32>, tensor<f32>, tensor<f32>
}

// -----

// Reductions of a column kernel go through the same leading dimensions.

kernel.func @k(%x: tensor<4x8xf32>, %y: tensor<5x8xf32>) -> (tensor<8xf32>, tensor<8xf32>) attributes {family = #kernel.family<column>, box = array<i64: 8>} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  // expected-error@+1 {{reduces another shape than the one before}}
  %t = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>], iterator_types = ["reduction", "parallel"]}
      ins(%y : tensor<5x8xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  kernel.yield %s, %t : tensor<8xf32>, tensor<8xf32>
}

// -----

// What follows a partial is element-wise or a reduction by a generic.

kernel.func @k(%x: tensor<4x8xf32>) -> tensor<f32> attributes {family = #kernel.family<row>, box = array<i64: 4, 8>, row = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%f : tensor<8xf32>) attrs = {kernel.partial} {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  // expected-error@+1 {{cannot follow a partial}}
  %l = nn.logsumexp %s over [0] : tensor<8xf32> -> tensor<f32>
  kernel.yield %l : tensor<f32>
}

// -----

// A product starts from 0: an emitter keeps its sums in registers.

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

kernel.func @k(%x: tensor<4x8xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> attributes {family = #kernel.family<contraction>} {
  // expected-error@+1 {{adds to what is no segment of its own}}
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) {
  ^bb0(%s: f32, %t: f32, %o: f32):
    %0 = arith.mulf %s, %t : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x5xf32>
  kernel.yield %p : tensor<4x5xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

kernel.func @k(%x: tensor<4x8xf32>, %y: tensor<8x5xf32>, %z: tensor<8x5xf32>) -> tensor<4x5xf32> attributes {family = #kernel.family<contraction>} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%f : tensor<4x5xf32>) {
  ^bb0(%s: f32, %t: f32, %o: f32):
    %0 = arith.mulf %s, %t : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x5xf32>
  %q = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %z : tensor<4x8xf32>, tensor<8x5xf32>) outs(%f : tensor<4x5xf32>) {
  ^bb0(%s: f32, %t: f32, %o: f32):
    %0 = arith.mulf %s, %t : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x5xf32>
  // expected-error@+1 {{reads values of two products}}
  %g = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %q : tensor<4x5xf32>, tensor<4x5xf32>) outs(%e : tensor<4x5xf32>) {
  ^bb0(%s: f32, %t: f32, %o: f32):
    %0 = arith.mulf %s, %t : f32
    linalg.yield %0 : f32
  } -> tensor<4x5xf32>
  kernel.yield %g : tensor<4x5xf32>
}

// -----

// Chunks are whole rows of a product, not digits of them.

#a = affine_map<(l, m, n, k) -> (l, m, k)>
#b = affine_map<(l, m, n, k) -> (k, n)>
#c = affine_map<(l, m, n, k) -> (l, m, n)>

kernel.func @k(%x: tensor<2x4x8xf32>, %y: tensor<8x5xf32>) -> tensor<4x5xf32> attributes {family = #kernel.family<contraction>} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x5xf32>) -> tensor<2x4x5xf32>
  %d = tensor.empty() : tensor<4x5xf32>
  %g = linalg.fill ins(%zero : f32) outs(%d : tensor<4x5xf32>) -> tensor<4x5xf32>
  %p = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<2x4x8xf32>, tensor<8x5xf32>) outs(%f : tensor<2x4x5xf32>) {
  ^bb0(%s: f32, %t: f32, %o: f32):
    %0 = arith.mulf %s, %t : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x4x5xf32>
  // expected-error@+1 {{sums other values than its family can}}
  %r = linalg.generic {indexing_maps = [affine_map<(l, m, n) -> (l, m, n)>, affine_map<(l, m, n) -> (m, n)>], iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%p : tensor<2x4x5xf32>) outs(%g : tensor<4x5xf32>) attrs = {kernel.partial} {
  ^bb0(%s: f32, %o: f32):
    %0 = arith.addf %s, %o : f32
    linalg.yield %0 : f32
  } -> tensor<4x5xf32>
  kernel.yield %r : tensor<4x5xf32>
}
