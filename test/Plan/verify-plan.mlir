// RUN: ogee-opt %s --ogee-verify-plan --split-input-file --verify-diagnostics

// expected-error@+1 {{has no arena}}
module {}

// -----

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    // expected-error@+1 {{after it was overwritten}}
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 64 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> tensor<16xf32> {
    // expected-error@+1 {{outside the arena}}
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0 : tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 512 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> tensor<16xf32> {
    // expected-error@+1 {{unaligned offset 72}}
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 72>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0 : tensor<16xf32>
  }
}
