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
