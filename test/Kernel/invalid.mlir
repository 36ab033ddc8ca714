// RUN: ogee-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{only a contraction has a tile}}
kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, tile = #kernel.tile<mr = 6, nr = 64, kc = 256, np = 4, rows = 128>} {
  kernel.yield %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{needs at least one chunk}}
kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, chunks = 0 : i64} {
  kernel.yield %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{has no box with 2 row dimensions}}
kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4>, row = 2 : i64} {
  kernel.yield %x : tensor<4xf32>
}

// -----

kernel.func @k(%x: tensor<4xf32>) -> tensor<8xf32> attributes {family = #kernel.family<row>} {
  // expected-error@+1 {{yields other types than its function declares}}
  kernel.yield %x : tensor<4xf32>
}

// -----

kernel.program @step(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{no kernel @k}}
  %0 = kernel.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}

// -----

kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>} {
  kernel.yield %x : tensor<4xf32>
}
kernel.program @step(%x: tensor<8xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{types differ from those of @k}}
  %0 = kernel.launch @k(%x) : (tensor<8xf32>) -> tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
